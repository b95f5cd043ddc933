# Sound of meetings.
PACKAGECONFIG:append:saal = " opus"
