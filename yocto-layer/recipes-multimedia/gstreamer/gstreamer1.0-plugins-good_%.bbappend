# VP8 and VP9.
PACKAGECONFIG:append:saal-os = " vpx"
