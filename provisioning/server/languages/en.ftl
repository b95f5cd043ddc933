# Words of the dashboard. Each message stands in every language, and no other (a test).

## Parts
overview = Overview
rooms = Rooms
configuration = Configuration
claim = Claim
audit = Audit log
people = People
parts = Parts
way = You are here
to-the-content = To the content
to-the-overview = To the overview
other-language = Deutsch
not-done = That was not done
pages = Pages
previous = Previous
next = Next
older = Older
page-of = Page { $page } of { $pages }
show = Show
search = Search
search-hint = Room, serial number, model
place = Place
which = Which
change = Change
remove = Remove
organisation = Whole organisation

## Signing in
sign-in = Sign in
sign-out = Sign out
sign-in-at = Sign in with { $name }
sign-out-at = Sign out at { $name }
signed-out = Signed out
signed-out-hint = You are signed out here. { $name } may still know you.
person-name = Name
password = Password
password-again = Once more
code-of-authenticator = Code of your authenticator
sign-in-failed = Name, password and code do not fit together. After several attempts the sign-in stays closed for a while.
welcome = Welcome, { $name }
welcome-password = 1. Choose a password
welcome-authenticator = 2. Connect an authenticator
welcome-scan = Scan this with an authenticator and type the code that it shows.
welcome-type = Or type this key there:
welcome-done = Done
qr-code = QR code for an authenticator
passwords-differ = The two passwords differ.
wrong-code = The code is wrong; take the newest one.
password-too-short = The password needs twelve characters at least.

## Overview
figure-rooms = Rooms
figure-online = connected now
figure-waits = not up to date yet
figure-problems = without a configuration
sites = Sites
site = Site
waits = Pending
problems = Problems
no-rooms-yet = No room yet. Claim the first device.
new-devices = New devices
nobody-waits = No device waits.
claim-a-device = Claim a device
latest = Latest
nothing-yet = Nothing yet.
whole-log = Whole log

## Rooms
count-rooms = { $count ->
    [one] One room
   *[other] { $count } rooms
}
none-found = Nothing found.
as-csv = As CSV
room = Room
no-room = No room
standing = Standing
connection = Connection
serial = Serial number
model = Model
generation = Generation
last-seen = Last seen
online = online
offline = offline
only-in-use = in use
only-waits = pending
only-problem = without a configuration
only-homeless = without a room
only-revoked = revoked
only-all = all
standing-revoked = revoked
standing-homeless = no room
standing-no-configuration = no configuration
standing-rolled-back = rolled back
standing-refused = refused
standing-waits = pending
standing-fine = up to date

## A room
state = State
phase = Now
troubles = Troubles
no-troubles = none
agent = Agent
device = Device
generation-of = { $generation } in use, { $wanted } wanted
phase-home = ready
phase-joining = entering a meeting
phase-call = in a meeting
phase-reconnecting = reconnecting
phase-leaving = leaving a meeting
no-configuration-because = No configuration yet:
rolled-back = Generation { $generation } was taken back; { $to } is in use.
refused = Generation { $generation } was refused.
why-document = The room refused it:
why-health = With it something broke that worked before:
why-cut-off = The server was not reached with it:
why-interrupted = The device went down twice while it tried:
help = Panel
help-hint = People in the room are asked on their panel, with your name. Nothing is shown before somebody there allows it. They see all the time that you are there and can end it; it ends by itself after ten minutes, or when you leave. PINs, passwords and codes are never shown.
help-ask-look = Ask to see the panel
help-ask-touch = Ask to see and work it
help-go-on = To the panel
help-title = Panel of { $room }
help-panel = The room's panel
help-end = End
help-back = Back to the room
help-hidden = A PIN, a password or a code is on the panel now. It is shown again when people in the room are done.
help-targets = What can be touched
help-look-again = Look again
help-reconnects = The way to the server is interrupted …
help-not-taken = The touch was not taken.
help-asked = People in the room are being asked. They have a minute.
help-allowed-look = People in the room allowed it: the panel is shown.
help-allowed-touch = People in the room allowed it: the panel is shown and can be worked.
help-end-refused = People in the room said no.
help-end-unanswered = Nobody in the room answered within a minute.
help-end-unwanted = People in the room said no, or ended it, less than five minutes ago. Wait before you ask again.
help-end-busy = Somebody else looks at the room just now, or asks to.
help-end-stopped = People in the room ended it.
help-end-left = It was ended by whoever helped.
help-end-over = The ten minutes are over.
help-end-lost = The connection to the room was lost.
help-end-older = The device's release does not know help from afar. Update it first.
room-log = Log of the room
room-log-hint = The device sends its newest lines. It takes out passwords, tokens, names and addresses of meetings itself. That it was asked stands in the audit log.
ask-for-log = Ask for the log
room-log-waits = Asked on { $when }. The device answers in a moment.
room-log-away = Asked on { $when }. The device is not connected; it answers if it comes back within an hour.
room-log-came = Sent on { $when }, from { $from }. It is kept for a day.
room-log-journal = the system's journal
room-log-file = the room's log file
room-log-empty = Nothing stands there.
room-log-failed = The device can't read its log:
move = Into another room
move-it = Move
revoke = Revoke the device
revoke-hint = The device is cut off at once and does not come back until somebody resets and claims it again.
revoke-it = Revoke
what-counts = What counts here

## Configuration
key = Key
value = Value
from = From
here = here
locked = locked
unset = Unset
a-secret = secret
no-values = Nothing counts here yet.
places-below = Places below
set-a-key = Set a value
lock-below = lock for all below
see-what-changes = Preview
value-hint = Numbers, true and false and lists as in the configuration file; anything else is text.
rooms-would-change = { $count ->
    [0] No room would change
    [one] One room would change
   *[other] { $count } rooms would change
}
rooms-without-configuration = { $count ->
    [one] One of them would have no complete configuration yet.
   *[other] { $count } of them would have no complete configuration yet.
}
and-more = { $count ->
    [one] and one more
   *[other] and { $count } more
}
before = Before
after = After
apply = Apply
leave-it = Leave it
overruled = { $key }: what { $scope } says does not count, as { $by } locked it.

## Claiming
claim-hint = A new device shows eight letters. A code is good for a day.
code = Code on the device
claim-replace = Revoke the device that is there or has this serial number
claim-room = Where it is
claim-it = Claim
since = Since

## People
may = May
last-sign-in = Last sign-in
not-yet-there = invited
no-people = Nobody yet.
invite-somebody = Invite somebody
invite = Invite
invite-anew = Invite anew
invite-hint = You get a link to pass on: there the person chooses a password and connects an authenticator. The link is good for seven days.
invited = { $name } is invited
remove-somebody = Remove { $name }?
remove-hint = The person is signed out at once and can do nothing any more. What they did stays in the log.
link-hint = This link is shown only now:
link = Link
role = Role
role-viewer = Viewer
role-operator = Operator
role-administrator = Administrator

## Updates
updates = Updates
rollouts = Rollouts
rollout = Rollout
no-rollouts = No rollout yet.
release = Release
releases = Releases
no-releases = No release yet. saal-fleetctl release add brings one.
hardware = Hardware
bundle-missing = bundle missing
progress = Progress
worse-off = Worse off
done-of = { $done } of { $all }
begin-a-rollout = Begin a rollout
waves-hint = First one percent for four hours, then ten for a day once you allow it, then all. Other waves: saal-fleetctl rollout start.
begin = Begin
rollout-running = goes on
rollout-approval = wants your approval
rollout-paused = held
rollout-stopped = stopped
rollout-done = done
let-in = Let in
on-the-way = On the way
have-it = Have it
update-failed = Failed
lost = Not heard of again
not-well = Not well since
waves = Waves
wave = Wave
watched-minutes = Watched, minutes
watched-since = Watched since
now = now
with-approval = with approval
approve = Allow the next wave
resume = Go on
pause = Hold
stop = Stop
stop-hint = Rooms that have not begun to write the release do not. What is written stays.
nobody-let-in = No room was let in yet.
step-none = not heard of yet
step-downloads = downloads, { $percent } %
update-fetched = { $mebibytes } MiB fetched
step-installs = installs, { $percent } %
step-restarts = restarts
step-tries = on trial
step-done = has it
step-failed = failed
waits-window = waits for its maintenance window
waits-meeting = waits for the end of a meeting
waits-meeting-soon = waits, as a meeting begins soon
waits-configuration = waits, as it tries a configuration
waits-room = waits, as the room does not answer
waits-network = waits, as the bundle does not come
waits-called = held
waits-distrust = in no signed list

## Alerts
alerts = Alerts
alerts-open = Wrong now
alerts-none = Nothing that a rule is about.
alert-rules = Who is told
alert-rule = Rule
alert-no-rules = Nobody is told yet when something is wrong.
alert-of = Of what
alert-to = To whom
alert-delivery = Delivery
alert-offline = Room offline
alert-not-ready = Not ready for its next meeting
alert-trouble = Trouble in the room
alert-rollout-stopped = Rollout stopped by itself
alert-certificate = Certificate ends soon
alert-root = Root or list of releases ends soon
alert-unsigned = Orders wait for signatures
alert-authority = Fleet's certificate authority ends soon
alert-failures = { $count ->
    [one] not taken
   *[other] not taken, { $count } times
}
alert-on-its-way = on its way
alert-delivered = last { $when }
alert-try = Send a test
alert-test-sent = The test of { $name } was taken.
alert-added = The rule is there
alert-secret = Secret
alert-secret-hint = This secret signs the messages. It is shown only now:
alert-remove-hint = Nobody is told by this rule any more, nor what it has not delivered yet.
alert-add = Add
alert-by-mail = Tell by e-mail
alert-by-matrix = Tell in a Matrix room
alert-by-webhook = Tell another system
alert-after = Offline or in trouble for minutes
alert-pause = Minutes between messages
alert-server = Mail server
alert-security = Encryption
alert-user = User, if it wants one
alert-from = Sender
alert-homeserver = Homeserver
alert-room = Room
alert-token = Access token
alert-matrix-hint = The token’s user is a member of the room, which is not encrypted.
alert-address = Address
alert-test = test of the rule { $name }
alert-test-text = This is a test of the rule { $name }. Nothing is wrong.
alert-began = Wrong now:
alert-over = Over:
alert-over-one = over: { $what }
alert-since = since { $when }
alert-count-began = { $count ->
    [one] one new problem
   *[other] { $count } new problems
}
alert-count-over = { $count ->
    [one] one over
   *[other] { $count } over
}
alert-offline-there = { $count ->
    [one] { $place } is offline
   *[other] { $place }: { $count } of { $of } rooms are offline
}
alert-not-ready-there = { $count ->
    [one] { $place } is not ready for its next meeting ({ $code })
   *[other] { $place }: { $count } of { $of } rooms are not ready for their next meeting ({ $code })
}
alert-trouble-there = { $count ->
    [one] { $place } has a trouble ({ $code })
   *[other] { $place }: { $count } of { $of } rooms have a trouble ({ $code })
}
alert-rollout-stopped-there = rollout { $name } stopped by itself
alert-certificate-there = { $count ->
    [one] the certificate of { $place } ends soon and is not renewed
   *[other] { $place }: the certificates of { $count } of { $of } rooms end soon and are not renewed
}
alert-root-there = the root of what rooms believe is good for thirty days at most: make the next one (page “Keys”)
alert-list-there = the list of releases is good for thirty days at most: sign the next one (page “Keys”)
alert-unsigned-there = orders wait for signatures (page “Keys”)
alert-authority-there = the fleet's certificate authority is good for thirty days at most: have IT sign it again (saal-fleet authority request), else rooms no longer believe the server

## Audit log
audit-hint = Who did what and when. Nothing of it can be changed.
when = When
who = Who
what = What
everything = everything
program = program { $name }
device-named = device { $name }
the-server = server
act-setting-set = set a value
act-setting-unset = unset a value
act-secret-set = set a secret
act-secret-removed = removed a secret
act-token-issued = issued an enrolment token
act-token-removed = removed an enrolment token
act-serial-expected = expects a serial number
act-device-enrolled = device enrolled
act-device-claimed = claimed a device
act-device-moved = moved a device
act-device-revoked = revoked a device
act-log-asked = asked for a log
act-help-asked = asked to see the panel
act-help-allowed = allowed help from afar
act-help-refused = help from afar did not begin
act-help-touched = began to work the panel
act-help-ended = help from afar ended
act-order-rolled-back = took a configuration back
act-order-refused = refused a configuration
act-release-added = added a release
act-release-removed = removed a release
act-rollout-started = started a rollout
act-rollout-advanced = began the next wave of a rollout
act-rollout-approved = allowed the next wave of a rollout
act-rollout-paused = paused a rollout
act-rollout-resumed = resumed a rollout
act-rollout-stopped = stopped a rollout
act-rollout-finished = finished a rollout
act-update-failed = update failed
act-root-published = put another root of keys into force
act-authority-installed = put another chain of certificate authorities into force
act-releases-signed = signed the list of releases
act-orders-signed = signed orders
act-device-distrusts = a device does not believe something
act-access-granted = gave a program access
act-access-removed = took a program's access away
act-person-invited = invited a person
act-person-changed = changed what a person may do
act-person-removed = removed a person
act-person-welcomed = set their account up
act-signed-in = signed in
act-sign-in-failed = sign-in failed
act-signed-out = signed out
act-webhook-added = added a webhook
act-webhook-removed = removed a webhook
act-alert-rule-added = added an alert rule
act-alert-rule-removed = removed an alert rule

## Why something was not done
error-no-such-code = No device waits with this code. Look at its panel again; a code is good for a day.
error-taken = { $what } belongs to device { $device } already.
error-not-found = This is not here: { $what }
error-not-a-room = { $place } is no room. A room is site/group/room.
error-not-so = Not like this: { $detail }
error-locked = { $key } is locked, by { $by }
error-breaks = { $room } would be left without a configuration: { $detail }
error-exists = This exists already: { $what }
error-in-use = { $what } can’t be removed while this needs it: { $by }
error-overlaps = Rollout { $rollout } is under way there. Stop it, or wait for its end.
error-unsigned = Release { $release } is in no list that this fleet’s keys signed. The page “Keys” says what is missing.
error-trust = That does not count: { $detail }
error-rollout = This rollout can’t do that now: { $detail }
error-bundle = This is no bundle that could be rolled out: { $detail }
error-last-administrator = Nobody else looks after the whole organisation. Give this role to somebody else first.
error-forbidden = This needs the role “{ $role }”.
error-forbidden-there = This needs the role “{ $role }” for { $place }.
error-unauthorised = Sign in first.
error-help-away = The room is not connected.
error-help-helped = { $name } helps this room, or has asked to. One at a time does.
error-help-not-allowed = People in the room have not allowed that. Ask them first.
error-help-too-fast = A panel takes five touches a second. Wait a moment.
error-not-delivered = The message was not taken: { $detail }
error-provider = Nobody is signed in: { $detail }
error-no-role = You are signed in there, and may do nothing here. Ask whoever looks after this fleet.
error-stopping = The server is stopping. Try again in a moment.
error-failed = Something failed in the server, and nothing was changed. For the log: { $detail }

keys = Keys
keys-hint = Who may sign what in this fleet. Devices believe only what these keys signed.
keys-root = Root
keys-root-version = Root { $version }
keys-fingerprint = Fingerprint
keys-until = good until
keys-role = For what
keys-needed = Needed
keys-keys = Keys
keys-of-all = { $threshold } of { $all }
keys-this-server = this server
keys-role-root = the next root
keys-role-targets = the list of releases
keys-role-configuration = rooms’ settings
keys-own-root = The root is this server’s key: whoever has the server can change who signs. Two people with keys of their own can take that over; docs/keys.md tells how.
keys-root-over = The root was good until { $until }. Rooms go on; no update begins until there is the next one.
keys-list-over = The list of releases was good until { $until }. No update begins until a new one is signed.
keys-list-invalid = The list of releases is signed with keys that count no more.
keys-list = List of releases
keys-list-version = List { $version }
keys-no-list = None yet.
keys-unlisted = Not in the list, taken by no device: { $releases }
keys-waiting = { $count ->
    [one] One order waits for a signature.
   *[other] { $count } orders wait for a signature.
}
keys-devices = Devices
keys-devices-count = How many
keys-devices-silent = says nothing (older software)
keys-doubts = { $count ->
    [one] One device does not believe something that it was told.
   *[other] { $count } devices do not believe something that they were told.
}
doubt-malformed = The device does not understand what it was told of keys.
doubt-signatures = The device does not believe something, as too few of the keys that are needed signed it.
doubt-gap = The device lacks a root between the one that it knows and the one that it was shown.
doubt-older = The device was shown something older than what it knows.
doubt-other-fleet = The device was shown something else than it knows under this number: another fleet, or one that was set back.
doubt-order = The device does not believe its settings: no key that counts signed them. It stays with those that it has.
doubt-unlisted = The device does not take the update: the release is not in the signed list.
doubt-expired = The device does not begin the update: root or list are over, or its clock is wrong.
