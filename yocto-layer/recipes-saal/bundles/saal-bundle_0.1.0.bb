SUMMARY = "Update of a Saal meeting room"
DESCRIPTION = "A signed RAUC bundle with the root of saal-image; keys are RAUC_KEY_FILE and RAUC_CERT_FILE of the build."
SECTION = "multimedia"
LICENSE = "Apache-2.0"

inherit bundle

RAUC_BUNDLE_FORMAT = "verity"
RAUC_BUNDLE_COMPATIBLE = "saal-${MACHINE}"
RAUC_BUNDLE_VERSION = "${DISTRO_VERSION}"
RAUC_BUNDLE_DESCRIPTION = "Saal"

RAUC_BUNDLE_SLOTS = "rootfs"
RAUC_SLOT_rootfs = "saal-image"
RAUC_SLOT_rootfs[fstype] = "squashfs-zst"
