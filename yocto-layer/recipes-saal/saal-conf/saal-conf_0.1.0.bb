SUMMARY = "Configuration of a Saal meeting room that has none yet"
DESCRIPTION = "Apart from the programs, so that a product replaces it without building them: any recipe that provides virtual-saal-conf does."
SECTION = "multimedia"
LICENSE = "Apache-2.0"
LIC_FILES_CHKSUM = "file://${COMMON_LICENSE_DIR}/Apache-2.0;md5=89aea4e17d99a7cacdbeed46a0096b10"

SRC_URI = "file://saal.toml"

S = "${UNPACKDIR}"

inherit allarch

do_configure[noexec] = "1"
do_compile[noexec] = "1"

do_install() {
    install -D -m 0644 ${UNPACKDIR}/saal.toml ${D}${datadir}/saal/saal.toml
    install -d ${D}${datadir}/saal/calendar
}

FILES:${PN} = "${datadir}/saal"

RPROVIDES:${PN} = "virtual-saal-conf"
