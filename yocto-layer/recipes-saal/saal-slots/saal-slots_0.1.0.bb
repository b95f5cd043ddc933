SUMMARY = "Where a Saal meeting room has its two systems"
DESCRIPTION = "Lets the fleet's agent read the board's slots (SAAL_SLOT_A, SAAL_SLOT_B), so that an update brings only what they lack."
SECTION = "multimedia"
LICENSE = "Apache-2.0"
LIC_FILES_CHKSUM = "file://${COMMON_LICENSE_DIR}/Apache-2.0;md5=89aea4e17d99a7cacdbeed46a0096b10"

SRC_URI = "file://slots"

S = "${UNPACKDIR}"

# The programs are the same for all boards with a processor; this is not.
PACKAGE_ARCH = "${MACHINE_ARCH}"

do_configure[noexec] = "1"

do_compile() {
    sh ${UNPACKDIR}/slots unit ${SAAL_SLOT_A} ${SAAL_SLOT_B} > ${B}/slots.conf
    sh ${UNPACKDIR}/slots rules ${SAAL_SLOT_A} ${SAAL_SLOT_B} > ${B}/slots.rules
}

do_install() {
    install -D -m 0644 ${B}/slots.conf ${D}${systemd_system_unitdir}/saal-agent.service.d/slots.conf
    install -D -m 0644 ${B}/slots.rules ${D}${nonarch_base_libdir}/udev/rules.d/71-saal-slots.rules
}

FILES:${PN} = "${systemd_system_unitdir} ${nonarch_base_libdir}/udev/rules.d"

RDEPENDS:${PN} = "saal-agent"
