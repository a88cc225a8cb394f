SUMMARY = "What a station's controller needs"
DESCRIPTION = "stationd, the certificates that its server is checked with, and time zones."
SECTION = "net"
LICENSE = "MIT"

inherit packagegroup features_check

REQUIRED_DISTRO_FEATURES = "systemd"

RDEPENDS:${PN} = "\
    ca-certificates \
    stationd \
    tzdata \
"
