require stationd.inc

# The repository's licence, which the archive has beside its files.
LIC_FILES_CHKSUM = "file://../LICENSE;md5=91524a54173a922c4b550f85aa01c67d"

PROVIDES = "stationd"

inherit bin_package

# An archive of systemd/tar/build, in a folder that the site names.
STATIOND_PREBUILT ?= "${THISDIR}/files"
STATIOND_ARCH = "${@{'aarch64': 'arm64', 'arm': 'armhf', 'x86_64': 'amd64'}.get(d.getVar('TARGET_ARCH'), 'unknown')}"
SRC_URI = "file://${STATIOND_PREBUILT}/stationd-${PV}-${STATIOND_ARCH}.tar.gz"
S = "${UNPACKDIR}/stationd-${PV}-${STATIOND_ARCH}/files"

# The programs want the C library of Debian 12 or a newer one, and hard float.
COMPATIBLE_HOST = "(aarch64|arm|x86_64).*-linux.*"
COMPATIBLE_HOST:libc-musl = "null"

do_install:append() {
    # Users are made by useradd, presets by SYSTEMD_AUTO_ENABLE.
    rm -r ${D}${nonarch_libdir}/systemd/system-preset
    chmod 0750 ${D}${sysconfdir}/stationd
    chgrp -R stationd ${D}${sysconfdir}/stationd
}

RPROVIDES:${PN} = "stationd"
RCONFLICTS:${PN} = "stationd"
# nooelint: oelint.vars.insaneskip - cross/build has stripped them; their line tables lie beside the archive
INSANE_SKIP:${PN} += "already-stripped"
