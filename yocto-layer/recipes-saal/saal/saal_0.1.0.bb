SUMMARY = "Meeting room appliance for Matrix and Jitsi"
DESCRIPTION = "The room's daemon with its panel, the media engine and the local command line, built from the tree that this layer lies in."
SECTION = "multimedia"
LICENSE = "Apache-2.0"
LIC_FILES_CHKSUM = "file://LICENSE;md5=3b83ef96387f14655fc854ddc3c6bd57"

require saal-crates.inc

DEPENDS += "\
    alsa-lib \
    clang-native \
    cmake-native \
    glib-2.0 \
    gstreamer1.0 \
    gstreamer1.0-plugins-bad \
    gstreamer1.0-plugins-base \
    openssl \
    protobuf-native \
    udev \
    v4l-utils \
"

inherit cargo externalsrc pkgconfig systemd useradd

EXTERNALSRC = "${SAAL_TREE}"
EXTERNALSRC_BUILD = "${WORKDIR}/build"

# Tests and tools of the workspace are not for a target.
CARGO_BUILD_FLAGS:append = " -p saald -p saal-media -p saalctl -p saal-agent --bins"

# The compiler that Cargo.toml asks for; older layers have an older one, and its message would be a riddle.
SAAL_RUST_VERSION = "1.95"

do_compile:prepend() {
    version=$(rustc --version | cut -d' ' -f2)
    printf '%s\n%s\n' "${SAAL_RUST_VERSION}" "$version" | sort -C -V ||
        bbfatal "Saal needs Rust ${SAAL_RUST_VERSION}, this build has $version: add a layer with a newer one (yocto-layer/README.md)."
}

do_install() {
    for program in saald saal-media saalctl saal-agent; do
        install -D -m 0755 ${CARGO_RELEASE_DIR}/$program ${D}${bindir}/$program
    done
    units=${S}/image/root/mkosi.extra${systemd_system_unitdir}
    install -D -m 0644 -t ${D}${systemd_system_unitdir} $units/saald.service $units/saal-agent.service $units/saal-config.service \
        $units/saal-firewall.service $units/saal-healthy.service $units/saal-healthy.timer $units/saal-media.socket \
        $units/saal-media@.service $units/saal-ports.path $units/saal-ports.service $units/saal-request.path \
        $units/saal-request.service $units/saal-restart.path $units/saal-restart.service
    install -D -m 0644 -t ${D}${nonarch_libdir}/tmpfiles.d ${S}/image/root/mkosi.extra${nonarch_libdir}/tmpfiles.d/saal.conf
    helpers=${S}/image/root/mkosi.extra${nonarch_libdir}/saal
    install -D -m 0755 -t ${D}${nonarch_libdir}/saal $helpers/choose-config $helpers/firewall $helpers/healthy $helpers/boot-slots \
        $helpers/request
    install -D -m 0644 -t ${D}${nonarch_libdir}/saal $helpers/firewall.nft
    install -D -m 0644 -t ${D}${nonarch_base_libdir}/udev/rules.d \
        ${S}/image/root/mkosi.extra${nonarch_libdir}/udev/rules.d/70-saal-slots.rules \
        ${S}/image/root/mkosi.extra${nonarch_libdir}/udev/rules.d/70-saal-telephones.rules \
        ${S}/image/root/mkosi.extra${nonarch_libdir}/udev/rules.d/70-saal-tpm.rules
}

PACKAGES =+ "saal-agent saal-media saald saalctl"

FILES:saal-agent = "\
    ${bindir}/saal-agent \
    ${systemd_system_unitdir}/saal-agent.service \
    ${systemd_system_unitdir}/saal-ports.path \
    ${systemd_system_unitdir}/saal-ports.service \
    ${systemd_system_unitdir}/saal-restart.path \
    ${systemd_system_unitdir}/saal-restart.service \
"
FILES:saald = "${bindir}/saald ${systemd_system_unitdir} ${nonarch_libdir}/saal ${nonarch_libdir}/tmpfiles.d ${nonarch_base_libdir}/udev/rules.d"
FILES:saal-media = "\
    ${bindir}/saal-media \
    ${systemd_system_unitdir}/saal-media.socket \
    ${systemd_system_unitdir}/saal-media@.service \
"
FILES:saalctl = "${bindir}/saalctl"

# setpriv: the first configuration is laid down as the daemon's user (choose-config).
RDEPENDS:saal-agent += "saald util-linux-setpriv"
RDEPENDS:saald += "nftables saal-media saalctl virtual-saal-conf"
# What hal and graph/ of the engine name, and nothing else of GStreamer.
RDEPENDS:saal-media += "\
    gstreamer1.0-plugins-bad-dtls \
    gstreamer1.0-plugins-bad-kms \
    gstreamer1.0-plugins-bad-openh264 \
    gstreamer1.0-plugins-bad-sctp \
    gstreamer1.0-plugins-bad-srtp \
    gstreamer1.0-plugins-bad-videoparsersbad \
    gstreamer1.0-plugins-bad-webrtc \
    gstreamer1.0-plugins-base-alsa \
    gstreamer1.0-plugins-base-app \
    gstreamer1.0-plugins-base-audioconvert \
    gstreamer1.0-plugins-base-audiomixer \
    gstreamer1.0-plugins-base-audioresample \
    gstreamer1.0-plugins-base-audiotestsrc \
    gstreamer1.0-plugins-base-compositor \
    gstreamer1.0-plugins-base-opus \
    gstreamer1.0-plugins-base-videoconvertscale \
    gstreamer1.0-plugins-base-videorate \
    gstreamer1.0-plugins-base-videotestsrc \
    gstreamer1.0-plugins-base-volume \
    gstreamer1.0-plugins-good-jpeg \
    gstreamer1.0-plugins-good-level \
    gstreamer1.0-plugins-good-rtp \
    gstreamer1.0-plugins-good-rtpmanager \
    gstreamer1.0-plugins-good-video4linux2 \
    gstreamer1.0-plugins-good-videocrop \
    gstreamer1.0-plugins-good-vpx \
    libnice \
"
# The spoken panel's voice: the layers named in README.md have no espeak-ng, a layer that has it says so here.
VIRTUAL-RUNTIME_saal-voice ?= ""
RRECOMMENDS:saald += "${VIRTUAL-RUNTIME_saal-voice}"

SYSTEMD_PACKAGES = "saal-agent saald saal-media"
SYSTEMD_SERVICE:saal-agent = "saal-agent.service saal-ports.path saal-restart.path"
SYSTEMD_SERVICE:saald = "saald.service saal-config.service saal-firewall.service saal-healthy.timer saal-request.path"
SYSTEMD_SERVICE:saal-media = "saal-media.socket"

# The daemon and the media engine, each as itself (image/: sysusers.d/saal.conf).
USERADD_PACKAGES = "saald saal-media"
# tss may ask the TPM; recipes of TPM software make it too.
GROUPADD_PARAM:saald = "--system --gid 963 input; --system tss"
USERADD_PARAM:saald = "--system --uid 960 --user-group --home-dir ${localstatedir}/lib/saal --shell ${base_sbindir}/nologin \
                       --groups video,input saald"
GROUPADD_PARAM:saal-media = "--system --gid 962 render"
USERADD_PARAM:saal-media = "--system --uid 961 --user-group --no-create-home --home-dir / --shell ${base_sbindir}/nologin \
                            --groups video,render,audio saal-media"
