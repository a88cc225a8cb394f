# Only for images that ask for it: without the feature the kernel's signature stays as it was.
require ${@bb.utils.contains('DISTRO_FEATURES', 'stationd', 'stationd-kernel.inc', '', d)}
