# Sound of meetings.
PACKAGECONFIG:append:saal-os = " opus"
