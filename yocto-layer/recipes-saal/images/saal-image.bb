SUMMARY = "Meeting room appliance: boots to the room's panel"
DESCRIPTION = "Read-only, with two slots that RAUC updates; no log-in, no SSH, no package manager."
SECTION = "multimedia"
LICENSE = "Apache-2.0"

inherit core-image

IMAGE_FEATURES = "read-only-rootfs"
IMAGE_LINGUAS = ""

IMAGE_INSTALL = "\
    packagegroup-core-boot \
    ca-certificates \
    kernel-modules \
    rauc \
    saal-agent \
    saal-media \
    saal-slots \
    saalctl \
    saald \
    wpa-supplicant \
"

IMAGE_FSTYPES = "squashfs-zst"
