SUMMARY = "Example of a station controller's image"
DESCRIPTION = "A small bootable image with the packagegroup-station; copy it into a layer of your own."
LICENSE = "MIT"

inherit core-image features_check

REQUIRED_DISTRO_FEATURES = "systemd"

IMAGE_INSTALL:append = " packagegroup-station"

# The root file system is written by an update alone. That puts /var/lib and /srv into memory, where a power cut takes what is
# queued, unless VOLATILE_BINDS names a partition: the layer's README says how.
IMAGE_FEATURES += "read-only-rootfs"
