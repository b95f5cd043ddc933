# H.264 in software, displays without a desktop, browsers of the room's network.
PACKAGECONFIG:append:saal-os = " kms openh264 sctp srtp webrtc"
