FILESEXTRAPATHS:prepend := "${THISDIR}/files:"

# The board's fragment says who counts attempts and where the slots are (conf/distro/saal-os.conf has the defaults).
do_install:append:saal-os() {
    sed -i \
        -e 's,@COMPATIBLE@,saal-${MACHINE},' \
        -e 's,@BOOTLOADER@,${SAAL_RAUC_BOOTLOADER},' \
        -e 's,@SLOT_A@,${SAAL_SLOT_A},' \
        -e 's,@SLOT_B@,${SAAL_SLOT_B},' \
        ${D}${nonarch_libdir}/rauc/system.conf
    if [ "${SAAL_RAUC_BOOTLOADER}" = custom ]; then
        printf '\n[handlers]\nbootloader-custom-backend=%s/saal/boot-slots\n' ${nonarch_libdir} >> ${D}${nonarch_libdir}/rauc/system.conf
    fi
}

PACKAGE_ARCH:saal-os = "${MACHINE_ARCH}"
