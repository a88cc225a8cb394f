require stationd.inc
require ${BPN}-crates.inc

LIC_FILES_CHKSUM = "file://LICENSE;md5=91524a54173a922c4b550f85aa01c67d"

inherit cargo cargo-update-recipe-crates

# The repository that this layer lies in; a site names its mirror instead. The commit has the Cargo.lock that
# stationd-crates.inc was written from: both move together.
STATIOND_GIT ?= "git://${THISDIR}/../../../..;protocol=file;nobranch=1"
SRC_URI += "${STATIOND_GIT};destsuffix=${BP}"
SRCREV = "230fcbfc93055fcc5af1627bd03926b03a8f6846"
S = "${UNPACKDIR}/${BP}"

CARGO_BUILD_FLAGS += "--package stationd --bins"

do_install() {
    install -D -m 0755 ${B}/target/${CARGO_TARGET_SUBDIR}/stationd ${D}${bindir}/stationd
    install -D -m 0755 ${B}/target/${CARGO_TARGET_SUBDIR}/stationctl ${D}${bindir}/stationctl
    install_delivery
}
