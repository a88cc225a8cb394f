SUMMARY = "Example of a station controller's image"
DESCRIPTION = "A small bootable image with the packagegroup-station; copy it into a layer of your own."
LICENSE = "MIT"

inherit core-image features_check

REQUIRED_DISTRO_FEATURES = "systemd"

IMAGE_INSTALL:append = " packagegroup-station"

# The root file system is written by an update alone; settings, queue and drop folders belong onto a partition of their own.
IMAGE_FEATURES += "read-only-rootfs"
