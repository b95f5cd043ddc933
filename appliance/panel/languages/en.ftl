# English. Every message of src/language/message.rs stands here, and nothing else (a test).

## What else differs from language to language: ltr or rtl, the voice of espeak-ng, the letters of the keyboard.
direction = ltr
voice = en
keyboard = qwertyuiop asdfghjkl zxcvbnm

## Days and times. $weekday and $month are the names below; $hour and $minute have two digits.
weekday = { $number ->
    [1] Monday
    [2] Tuesday
    [3] Wednesday
    [4] Thursday
    [5] Friday
    [6] Saturday
   *[7] Sunday
}
month = { $number ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
   *[12] December
}
date = { $weekday }, { $day } { $month }
time = { $hour }:{ $minute }
time-range = { $start } – { $end }
time-open = from { $start }
today = Today
tomorrow = Tomorrow

## Home.
now = Now
free = Available
free-until = Available until { $time }
busy = Meeting under way
busy-until = Meeting until { $time }
private-meeting = Private appointment
other-service = on { $name }; this room can’t join there
link-rewritten = { $name } has replaced the link; ask the organiser for the original
host-not-allowed = this room may not join on { $name }; please tell your IT
link-unreadable = the link is out of date; ask the organiser for a new one
running-since = { $minutes ->
    [0] has just started
    [one] started a minute ago
   *[other] started { $minutes } minutes ago
}
running-since-hours = started { $hours } h { $minutes } min ago
starts-in = { $minutes ->
    [0] starts now
    [one] starts in a minute
   *[other] starts in { $minutes } minutes
}
starts-in-hours = starts in { $hours } h { $minutes } min
without-appointment = without an appointment
people-in-call = { $count ->
    [one] 1 person in the call
   *[other] { $count } people in the call
}
tentative = tentative
join = Join
ways = All links of this meeting
elsewhere = Another meeting
type-link = Type a link or a name
type-link-or-name = A link, a Matrix room (#name:server) or the name of a meeting on { $host }
type-link-alone = A link or a Matrix room (#name:server)
link-field = Link or name
link-leads = Leads to { $place }
link-leads-nowhere = That does not lead to a meeting yet.
link-by-phone = From a phone
link-by-phone-more = scan a code, paste the link there
link-by-phone-title = Where to? Tell it from your phone
link-by-phone-code = QR code that opens a page on a phone, to say where to go
link-by-phone-hint = Scan the code and paste the meeting’s link there. The phone has to be in this room’s network. Nothing is joined before you touch “Join” here.
phone-offers = A phone would like to go here
phone-offer-not = Not there
phone-where = Where to go
phone-where-send = Show it in the room
phone-where-shown = The room shows: { $place }. Touch “Join” on its panel.
phone-where-nowhere = That leads to no meeting. Please check the link.
forget-recent = Clear this list
forget-recent-more = clears itself after twelve hours
way-jitsi = Jitsi on { $name }
way-matrix = Matrix call
joinable-from = Join from { $time }
all-meetings = All meetings
screen-before = Further up
screen-behind = Further down
back-home = Back to the start
access = Display and accessibility
text-size = Text size { $percent }%
text-smaller = Smaller text
text-larger = Larger text
theme-light = Light
theme-light-hint = dark on white
theme-dark = Dark
theme-dark-hint = easy on the eyes
theme-contrast = High contrast
theme-contrast-hint = white and yellow on black
spoken = Spoken panel
spoken-hint = says what you touch
scanning = Single switch
scanning-hint = marks one thing after the other
scan-time = { $seconds ->
    [one] On to the next after 1 second
   *[other] On to the next after { $seconds } seconds
}
scan-faster = Faster
scan-slower = Slower
left-handed = Left-handed
left-handed-hint = buttons on the other side
reduced-motion = Without motion
reduced-motion-hint = nothing slides or fades
forgets-soon = In a minute the panel will look as the room is set again. Touch it anywhere to keep what you chose.
spoken-on = The panel speaks. Touch something to hear what it is, tap twice to do it, flick sideways to go on. To turn speech off, hold the clock for three seconds.
spoken-off = The panel no longer speaks.
spoken-star = star
spoken-erased = deleted
spoken-capital = capital { $letter }
role-button = button
role-switch-on = switch, on
role-switch-off = switch, off
role-radio-on = selected
role-radio-off = not selected
role-heading = heading
role-text-box = field
role-image = picture
role-disabled = not available now
rooms-own = As the room is set
rooms-own-hint = also after your meeting
troubles = Notices
troubles-show = Show notices
and-more = { $count ->
    [one] and one more
   *[other] and { $count } more
}
untitled = Untitled
nothing-more = The room is available
nothing-more-hint = No meetings are coming up. Invite this room to a meeting and it will appear here.
starting = The room is being set up
starting-hint = This takes only a moment.

## Settings, and about this room. $day is a day in words, $from and $until are times.
settings = Settings
settings-hint = for whoever looks after the room
settings-yours = how the panel looks and works, until your meeting is over
settings-no-pin = No PIN is set up for this room, so nothing that lasts can be changed here. Your IT team gives it one in its configuration.
settings-pin = PIN of the settings
settings-pin-hint = Whoever looks after this room has it.
settings-pin-wrong = That PIN is wrong. Please try again.
settings-pin-wait = { $seconds ->
    [one] Too many wrong PINs. You can try again in 1 second.
   *[other] Too many wrong PINs. You can try again in { $seconds } seconds.
}
settings-pin-enter = Open the settings
settings-close-soon = In a minute the settings close. Touch the panel anywhere if you need them longer.
network = Network
network-hint = addresses, servers, proxy
network-interface = Addresses on { $name }
network-none = No connection. Is the cable plugged in?
proxy = Proxy
proxy-none = none
server-asked = is being asked …
server-answers = answers
server-silent = does not answer
devices = Devices
devices-hint = what is plugged in, and whether it works
devices-try = Try everything now
devices-try-hint = looks at camera, microphone and servers, and may play a few notes
devices-trying = Everything is being tried …
devices-trying-hint = takes up to 40 seconds
device-content = Input for presentations
device-television = Television
device-content-display = Display for presentations
device-none = none
device-auto = the first that is connected
device-simulated = simulated
device-missing = not connected
finding-good = works
finding-bad = does not work
part-names = Names of servers
part-server = The next meeting’s server
part-sockets = Connections to it that stay open (WebSocket)
part-account = Login there
part-media = Picture and sound there and back
part-datagrams = The quick way for picture and sound (UDP)
part-disk = Storage
part-clock = Clock
look = This room’s panel
look-hint = language, colours, text size, brightness
language-de = Deutsch
language-en = English
language-hint = panel and television
brightness = Brightness { $percent }%
darker = Darker
brighter = Brighter
cec = Televisions follow the room
cec-hint = on when somebody comes, off when nobody is there
account = Account and fleet
account-hint = who the room is, and who looks after it
account-matrix = Matrix account
account-unused = The room has none.
account-starting = is being connected …
account-online = signed in as { $user }
account-signing-in = waits to be signed in at { $server }
account-unreachable = { $server } does not answer.
account-untrusted = The certificate of { $server } is not trusted.
account-signed-out = signed out by { $server }
account-store = The storage has errors: { $path }
fleet = Looked after by
fleet-none = The room is looked after by itself.
fleet-member = { $server }
fleet-waits = Waits to be claimed at { $server }. Code: { $code }
fleet-silent = { $server } does not answer.
fleet-nowhere = This network names no server.
system = Computer
system-hint = restart, factory state
system-cannot = This computer does not let the room restart or reset it. That goes where it is administered.
restart = Restart
restart-hint = takes about a minute
restart-question = Restart the computer?
restart-question-hint = Nothing is lost. Until it is back nobody can join from this room.
restart-failed = It was not restarted. Please try again, or switch it off and on.
factory-reset = Factory state
factory-reset-hint = forgets everything that this room remembers
factory-reset-question = Back to factory state?
factory-reset-lost = Lost for good: the room’s account with its encryption keys, its place in the fleet, what was set here, camera positions, bookings that no calendar has, the list of what was in use. IT has to set the room up again.
factory-reset-hold = Hold for three seconds
factory-reset-now = Forget everything
factory-reset-failed = The room was not reset. Nothing is lost. Please try again.
understood = I know what is lost
understood-hint = then one touch of the red button is enough
going-down-restart = The computer restarts
going-down-restart-hint = The room is back in about a minute.
going-down-reset = The room forgets everything
going-down-reset-hint = It starts as on its first day. Please do not switch it off.
about = About this room
about-hint = what was in use, what runs, which version
support = Help
support-help = Help: { $ways }
version = Saal
image = Image
operating-system = Operating system
updates = Updates
updates-elsewhere = This computer is updated where it is administered.
updates-slot = System { $slot } is running.
updates-next = { $version } is installed and starts next time.
updates-back = { $version } is kept to go back to.
privacy = What was in use
privacy-hint = camera, microphone, recording, and who looked in
privacy-empty = Nothing was in use.
privacy-kept = { $days ->
    [one] This is kept for one day, in this room alone. No names and no titles are in it.
   *[other] This is kept for { $days } days, in this room alone. No names and no titles are in it.
}
use-camera = Camera
use-microphone = Microphone
use-recording = The meeting was recorded
use-live-stream = The meeting was shown live
use-transcription = The meeting became text
use-remote-view = Somebody looked in from elsewhere
use-remote-touch = Somebody worked the panel from elsewhere
use-laptop = A laptop’s screen was shown
use-going = { $day }, since { $from }, still going on
use-over = { $day }, { $from } – { $until }
use-short = { $day }, { $from }, less than a minute
use-restart = { $day }, { $from } – about { $until }, ended by a restart
use-day = { $day }, { $time }
components = What runs
components-hint = every part with its version
components-count = { $count ->
    [0] What runs
    [one] What runs: one part
   *[other] What runs: { $count } parts
}
component-licensed = { $version } · { $licence }
licences = Licences
licences-hint = whose work this is
licence-saal = Saal
licence-saal-text = Free software: Apache License 2.0. You may use, study, change and share it; it comes without warranty.
licence-fonts = Fonts
licence-fonts-text = Inter, Noto Emoji: SIL Open Font License 1.1. DejaVu: Bitstream Vera License.
licence-icons = Icons
licence-icons-text = Lucide: ISC License.
licence-others = Everything else
licence-others-text = Each part stands under “What runs” with its licence, as far as it is known. Their texts and sources: /usr/share/doc in the image, and where the image came from.

## The television between meetings.
still-busy = Busy
still-how-panel = Start a meeting: on the touch panel
still-how-laptop = Share a laptop: on the touch panel
still-how-phone = Telephone: { $number }
still-how-scan = Start from a phone
still-picture = A picture
still-password = This meeting has a password. Please enter it on the touch panel.
still-lobby = { $title } – the room is in the lobby. You can write to the moderators on the touch panel.

## Joining and leaving.
joining = Joining
joining-contacting = Asking the server …
joining-connecting = Connecting picture and sound …
joining-returning = Going back to the call …
cancel = Cancel
leaving = Leaving the meeting
ringing = { $name } is calling
ring-nameless = Somebody
ring-pictures = Call with picture and sound
ring-sound = Call with sound only
ring-meeting = To the meeting: { $title }
answer = Answer
answer-unseen = Answer without picture
decline = Decline
leave-and-answer = Leave and answer

## Waiting for the host, for the server or in the lobby; the password. $room is this room.
waiting-host = Waiting for the host to start the meeting
waiting-host-hint = { $title } – somebody with a login has to open the meeting. The room joins by itself then.
waiting-server = The meeting can’t start yet
waiting-server-hint = { $title } – the meeting’s server is not ready. The room goes on asking and joins by itself then.
waiting-lobby = A moderator will let you in
waiting-lobby-hint = { $title } – the room is in the lobby. Would you like to tell the moderators something?
lobby-here = This is the meeting room “{ $room }”.
lobby-please = Please let us in.
lobby-invited = We are invited and are waiting in the room “{ $room }”.
lobby-send = send to the moderators
lobby-sending = Sending …
lobby-sent = Sent
lobby-answer = { $author ->
    [nobody] Moderator
   *[other] { $author }
}: { $text }
password = Password
password-needed = This meeting has a password. It is usually in the invitation.
password-refused = That password was wrong. Please try again.
password-show = Show password
password-hide = Hide password
characters = { $count ->
    [0] empty
    [one] 1 character
   *[other] { $count } characters
}
key-space = Space
key-erase = Delete
key-shift = Capitals
key-symbols = Symbols
key-letters = Letters and digits

## In the call.
participants = { $count ->
    [0] Nobody else is here yet
    [one] 1 other person
   *[other] { $count } other people
}
alone-hint = As soon as somebody joins, their picture appears on the television.
elapsed = { $minutes } min
elapsed-hours = { $hours } h { $minutes } min
reconnecting = Connection lost, reconnecting …
speaking = speaking
microphone-off-there = microphone off
microphone-on-there = microphone on
presenting = presenting
more-people = { $count } more
microphone = Microphone
microphone-on = Microphone on
microphone-off = Microphone off
mute = Mute
unmute = Unmute
camera = Camera
camera-on = Camera on
camera-off = Camera off
camera-stop = Turn off
camera-start = Turn on
leave = Leave
leave-hint = Leave the meeting

## The room's time.
book = Book this room
book-minutes = { $minutes ->
    [60] One hour
   *[other] { $minutes } minutes
}
extend-minutes = { $minutes ->
    [60] One hour longer
   *[other] { $minutes } minutes longer
}
until-next = Until the next meeting
until = until { $time }
time-change = Extend or end
end-now = End now
end-now-hint = others may have the room
day-alone = Nobody else is in this meeting. The room will leave it within a minute.
stay = Stay
day-next = “{ $title }” begins in this room at { $time }
day-next-now = “{ $title }” was to begin in this room at { $time }
go-over = Change to it
day-cancelled = This meeting was cancelled. You can stay as long as you like.
day-moved = This meeting was moved: { $day }, { $time }
day-moved-away = “{ $title }” was moved: { $day }, { $time }
day-without-picture = This room takes part in “{ $title }” without picture
with-picture = With picture after all
day-other-camera = In “{ $title }” the camera is “{ $camera }”
usual-camera = Take the usual one
day-other-sound = In “{ $title }”: microphone “{ $microphone }”, loudspeaker “{ $loudspeaker }”
day-other-microphone = In “{ $title }” the microphone is “{ $microphone }”
day-other-loudspeaker = In “{ $title }” the loudspeaker is “{ $loudspeaker }”
usual-sound = As usual after all
other-speakerphone = Other speakerphone
other-microphone = Other microphone
other-loudspeaker = Other loudspeaker
other-camera = Other camera
without-picture = Without picture
day-check-in = Are you here for “{ $title }”? Otherwise the room is released at { $time }.
check-in = We are here
release = Release the room
day-taken = “{ $title }” has this room until { $time }

## What else there is in the call. $source is microphone, camera or content.
reaction-like = Thumbs up
reaction-clap = Applause
reaction-love = Heart
reaction-laugh = Laughing
reaction-surprised = Surprised
reaction-boo = Disappointed
more = More
more-hint = Hand, chat …
more-hint-no-chat = Hand, people …
more-unread = Chat: { $count } new
chat-unread = { $count } new
more-knocking = { $count ->
    [one] 1 person is waiting
   *[other] { $count } are waiting
}
back-to-call = Back to call
back = Back
page-before = Previous page
page-behind = Next page
page-of = Page { $page } of { $count }
hand-raise = Raise hand
hand-lower = Lower hand
hand-raised = Your hand is raised
hand-up = hand raised
people = People
people-count = { $count ->
    [one] 1 other
   *[other] { $count } others
}
chat = Chat
chat-empty = No messages yet
chat-empty-hint = What others write from now on appears here.
chat-private = only to this room
chat-unreadable = A message that can’t be shown
chat-show = Show chat on TV
chat-hide = Hide chat on TV
sound = Sound
volume-at = Volume { $percent }%
volume-louder = Louder
volume-quieter = Quieter
sound-test = Play test tone
sound-test-stop = Stop test tone
sound-test-hint = heard in this room only
sound-level = Microphone
sound-level-muted = The microphone is off
sound-both = Microphone and loudspeaker
sound-microphone = Microphone
sound-loudspeaker = Loudspeaker
sound-in-use = { $what }, in use
arrangement = Picture on the TV
layout-grid = All the same size
layout-grid-hint = beside what somebody shows
layout-speaker = Who speaks, large
layout-speaker-hint = the others beside
layout-content = Presentation alone
layout-content-hint = else all the same size
self-view = Own picture
self-view-on = The room sees itself
self-view-off = Only the others are shown
self-view-no-camera = The camera is off
seen-of = { $from }–{ $to } of { $count } people
polls = Polls
polls-count = { $count ->
    [one] 1 poll
   *[other] { $count } polls
}
votes = { $count ->
    [one] 1 vote
   *[other] { $count } votes
}
keypad = Keypad
keypad-hint = Each key sends a tone at once.
camera-aim = Aim the camera
camera-left = Left
camera-right = Right
camera-up = Up
camera-down = Down
zoom-in = Zoom in
zoom-out = Zoom out
camera-zoom = Zoom { $percent }%
camera-straight = Whole picture, straight ahead
camera-save = Save position
camera-save-where = Which position to replace?
camera-save-new = New position
camera-position = Position { $number }
camera-choose = Change camera
camera-in-use = in use
seen-television = Your IT is looking at what is on this room’s television
seen-camera = Your IT is looking at what this room’s camera sees
seen-end = End
view-asks-television = Your IT asks to see what is on this room’s television
view-asks-camera = Your IT asks to see what this room’s camera sees
view-allow = Allow
view-refuse = Not now
help-asks-look = { $name } (IT) asks to see this panel
help-asks-touch = { $name } (IT) asks to see and work this panel
helped-look = { $name } (IT) sees this panel
helped-touch = { $name } (IT) sees and works this panel
laptop-share = Share a laptop
laptop-other = Another laptop
laptop-stop = Stop the laptop
laptop-shown = A laptop is on the television
phone = Use a phone
phone-title = This panel on your phone
phone-hint = Scan the code. The phone has to be in this room’s network. It has a say in this meeting, and no longer than it lasts.
phone-code = QR code that opens the controls on a phone
phone-broken = Phones can’t be used here at the moment. Please tell your IT.
phone-dismiss = Sign all phones out
phone-page = Room controls
phone-refresh = Refresh
phone-lost = No connection to the room. Trying again …
phone-answer = Please answer on the touch panel in the room.
phone-over = This has ended
phone-over-hint = The meeting is over, or the phones were signed out. In a meeting the room’s panel shows a new code under “More”.
door-free = Available
door-soon = Soon taken
door-taken = Taken
door-until = until { $time }
door-from = from { $time }
door-reserved = Reserved
door-nobody = Nobody has this room.
door-next = Next
door-nothing = Nothing more today.
laptop-title = Share your laptop’s screen
laptop-hint = Open this address in the laptop’s browser and enter the code.
laptop-fingerprint = The browser warns of the certificate. It is this room’s if its SHA-256 fingerprint begins with { $fingerprint }
laptop-opening = One moment …
laptop-broken = Laptops can’t share their screen here at the moment. Please tell your IT.
present-start = Present
present-stop = Stop presenting
end-for-all = End for all
end-for-all-question = End the meeting for everybody?
end-for-all-hint = Everybody leaves the meeting at once, and so does this room.
recording = Recording
live-stream = Live stream
transcription = Transcript
breakout = Breakout room: { $name }
breakout-of = Breakout room of { $title }
breakout-back = Back to the meeting
visitor = Listening and watching only – raise a hand to take part
visitor-source = listening only
consent-recording = May this be recorded?
consent-recording-hint = The meeting is being recorded, with picture and sound from this room. Leave it if anybody here does not agree.
consent-transcription = May this be transcribed?
consent-transcription-hint = What is said, in this room too, is kept as text. Leave the meeting if anybody here does not agree.
consent-live-stream = May this be broadcast?
consent-live-stream-hint = The meeting is broadcast live, with picture and sound from this room. Whoever does not agree leaves.
consent-first = after your answer
agree = Agree
knocks = is waiting to be let in
knocks-name = { $name } is waiting to be let in
knocks-many = { $count ->
    [one] 1 person is waiting to be let in
   *[other] { $count } people are waiting to be let in
}
show-people = Show
admit = Admit
reject = Reject
role-moderator = moderator
role-visitor = audience
key-missing = waiting for their key
spoke = { $minutes ->
    [0] spoke under 1 min
   *[other] spoke { $minutes } min
}
camera-off-there = camera off
both-off-there = microphone and camera off
both-on-there = microphone and camera on
mute-there = Mute
stop-camera-there = Turn camera off
allow-microphone = Allow microphone
ask-microphone = Ask to unmute
allow-camera = Allow camera
moderation = Moderation
remove = Remove
remove-question = Remove { $name }?
remove-hint = They leave the meeting at once.
muted-by = { $source ->
    [microphone] { $name } turned this room’s microphone off.
    [camera] { $name } turned this room’s camera off.
   *[content] { $name } stopped this room’s presentation.
}
muted-by-rules = { $source ->
    [microphone] The meeting turned this room’s microphone off.
    [camera] The meeting turned this room’s camera off.
   *[content] The presentation was stopped.
}
unmute-allowed = { $source ->
    [microphone] You may speak now.
    [camera] You may turn the camera on now.
   *[content] You may present now.
}
unmute-refused = { $source ->
    [microphone] Moderators decide who speaks. Raise your hand to ask for the microphone.
    [camera] Moderators decide who is seen. Raise your hand to ask for the camera.
   *[content] Moderators decide who presents. Raise your hand to ask.
}
unmute-waits = { $source ->
    [microphone] Moderators decide who speaks. Your hand is raised.
    [camera] Moderators decide who is seen. Your hand is raised.
   *[content] Moderators decide who presents. Your hand is raised.
}
caption-line = { $speaker }: { $text }

## What is wrong, and what to do.
trouble-more = { $count ->
    [one] and one more notice
   *[other] and { $count } more notices
}
dismiss = Got it
trouble-signed-out = The room is signed out
trouble-signed-out-advice = { $server } no longer accepts the room’s sign-in. Please tell your IT team.
trouble-removed = This device was signed out
trouble-removed-advice = Somebody removed the room’s device from its account at { $server }. Please tell your IT team.
trouble-unreachable = No connection to the server
trouble-unreachable-advice = { $server } does not answer. The room keeps trying. Is the network cable plugged in?
trouble-rooms-known = Meetings from there are shown as of { $when }.
trouble-untrusted = No safe connection to the server
trouble-untrusted-advice = This room does not trust the certificate of { $server }. The room keeps trying. Please tell your IT team.
trouble-engine = Picture and sound are failing
trouble-engine-advice = The room keeps trying. If it stays like this, please tell your IT team.
recovery-key = Recovery key
recovery-key-enter = Enter the key
recovery-key-needed = Your IT team wrote it down when they set up the account. Capitals matter, spaces don’t.
recovery-key-refused = That key does not fit. Please try again.
recovery-key-try = Check
sign-in = Sign in
sign-in-title = Sign the room in
sign-in-hint = Scan the code with a phone, or open this address and enter the code:
sign-in-whose = Sign in there as { $user }, the room’s account, not as yourself.
sign-in-until = Good until { $time }.
sign-in-qr-code = QR code that leads to the sign-in
sign-in-new-code = New code
sign-in-by-code = With a browser
sign-in-by-device = With another device
sign-in-scan = Scan this code with a device that the room’s account is signed in on
sign-in-scan-hint = In Element X there: settings, “Link new device”, scan the QR code. The room gets the account’s keys from it and is verified at once.
sign-in-scan-code = QR code for the other device’s camera
sign-in-digits = Which number does the other device show?
sign-in-digits-hint = Two digits. They tell the devices that nobody is between them.
sign-in-digits-try = Continue
sign-in-allow = Allow the sign-in on the other device
sign-in-allow-hint = It asks whether to let the room in, and may show this code:
sign-in-starting = Asking for a code
sign-in-starting-hint = One moment, please.
sign-in-finishing = The room is being signed in
sign-in-finishing-hint = Done in a moment.
sign-in-under-way = The room is being signed in
sign-in-under-way-advice = Somebody signs it in to { $server }.
sign-in-needed = The room is not signed in yet
sign-in-needed-advice = Your IT team can sign it in to { $server } here, with a phone or a computer.
sign-in-ended = The room was signed out
sign-in-ended-advice = Somebody ended its session at { $server }. Your IT team can sign it in again here.
sign-in-denied = The sign-in was declined
sign-in-denied-advice = Somebody said no at { $server }. If that was a mistake, begin again.
sign-in-expired = The code has run out
sign-in-expired-advice = Nobody signed the room in to { $server } in time. Begin again for a new code.
sign-in-other-account = That was another account
sign-in-other-account-advice = { $user } is not the room’s account. Begin again, and sign in there as the room.
sign-in-wrong-digits = That was not the number
sign-in-wrong-digits-advice = Begin again and enter the number that the other device shows then.
sign-in-other-device = It did not work with the other device
sign-in-other-device-advice = It stopped, or has no keys of the account itself. Begin again, or use a browser.
sign-in-not-offered = Signing in here is not possible
sign-in-not-offered-advice = { $server } does not offer it. Your IT team has to set up another way.
sign-in-refused = The server refuses the room
sign-in-refused-advice = { $server } lets nobody sign this room in. Please tell your IT team; the log has the reason.
sign-in-unreachable = No answer
sign-in-unreachable-advice = { $server } or its sign-in service does not answer. Check the network and begin again.
verify = Verify
verify-not = Not now
verify-question = Verify this room?
verify-question-hint = “{ $device }” wants to check that this device belongs to the room’s account. Only your IT team does that.
verify-question-user-hint = “{ $user }” wants to check that this really is the room. Only your IT team does that.
verify-scan = Scan this code with the other device
verify-scan-hint = Choose “Scan QR code” there and point its camera here.
verify-code = QR code for the other device’s camera
verify-emoji-instead = Compare emoji instead
verify-scanned = Does the other device show a check mark?
verify-scanned-hint = Somebody has scanned the code. Only say yes if you did.
verify-scanned-yes = Yes
verify-scanned-no = No
verify-waiting = Go on at the other device
verify-waiting-hint = It says what to do next.
verify-compare = Are these emoji on both devices?
verify-compare-hint = In the same order, all seven.
verify-same = They match
verify-other = They don’t match
verify-emoji = { $number ->
     [0] Dog
     [1] Cat
     [2] Lion
     [3] Horse
     [4] Unicorn
     [5] Pig
     [6] Elephant
     [7] Rabbit
     [8] Panda
     [9] Rooster
     [10] Penguin
     [11] Turtle
     [12] Fish
     [13] Octopus
     [14] Butterfly
     [15] Flower
     [16] Tree
     [17] Cactus
     [18] Mushroom
     [19] Globe
     [20] Moon
     [21] Cloud
     [22] Fire
     [23] Banana
     [24] Apple
     [25] Strawberry
     [26] Corn
     [27] Pizza
     [28] Cake
     [29] Heart
     [30] Smiley
     [31] Robot
     [32] Hat
     [33] Glasses
     [34] Spanner
     [35] Santa
     [36] Thumbs up
     [37] Umbrella
     [38] Hourglass
     [39] Clock
     [40] Gift
     [41] Light bulb
     [42] Book
     [43] Pencil
     [44] Paperclip
     [45] Scissors
     [46] Lock
     [47] Key
     [48] Hammer
     [49] Telephone
     [50] Flag
     [51] Train
     [52] Bicycle
     [53] Aeroplane
     [54] Rocket
     [55] Trophy
     [56] Ball
     [57] Guitar
     [58] Trumpet
     [59] Bell
     [60] Anchor
     [61] Headphones
     [62] Folder
    *[63] Pin
}
verified = The room is verified
verified-hint = Others now know this device for the room’s own.
not-verified = The room was not verified
not-verified-hint = The devices did not match, or somebody cancelled. You can begin again at the other device.
trouble-identity = Encrypted meetings won’t work
trouble-identity-key = This device is not verified yet. Your IT team has the key for that.
trouble-identity-wrong-key = The key does not fit the room’s account. Your IT team has the right one.
trouble-identity-reset = The room’s device is not verified. Your IT team has to verify it from another device of the account, or reset the account’s identity.
trouble-identity-lost = The device’s keys are lost. Your IT team has to sign the room in anew.
trouble-store-full = The room’s storage is full
trouble-store = The room’s storage has errors
trouble-store-advice = Meetings go on, but nothing new is kept. Please tell your IT team: { $path }
trouble-join = { $title }: could not join
trouble-join-removed = { $title }: the room was removed
trouble-join-removed-advice = A moderator took the room out of the meeting.
trouble-join-not-allowed-advice = The room is not allowed in. Ask the organiser to invite it again.
trouble-join-failed-advice = The meeting service did not work. Please try again.
trouble-join-untrusted-advice = This room does not trust the certificate of { $server }. Please tell your IT.
trouble-join-blocked-advice = The network here lets no connection that stays open (WebSocket) through to { $server }. Please tell your IT.
trouble-join-wrong-call-advice = { $server } would have led into another meeting. Please tell your IT.
trouble-join-over-advice = The meeting has ended.
trouble-join-removed-because = A moderator took the room out of the meeting: “{ $message }”
trouble-join-refused-advice = The meeting service says: “{ $message }”
trouble-call-elsewhere = { $title }: answered elsewhere
trouble-call-elsewhere-advice = Another device answered the call sooner.
trouble-join-ended = { $title }: the meeting was ended
trouble-join-ended-advice = A moderator ended it for everybody.
trouble-join-rejected-advice = A moderator did not let the room in. Ask the organiser.
trouble-join-full-advice = The meeting is full. Ask the organiser to make space.
trouble-join-not-found-advice = The meeting is over or does not exist. Check the invitation.
trouble-join-login-advice = Only people with a login come in, and the room’s is missing or was refused. Tell your IT.
trouble-join-encryption-advice = The meeting is end-to-end encrypted in a way that this room cannot join. Ask the organiser to turn that off, or join with a computer.
trouble-join-bad-link-advice = The meeting’s link cannot be used. Ask the organiser for a new one.
trouble-device-missing = { $device ->
    [camera] No camera found
    [microphone] No microphone found
    [content] No input for presentations found
    [display] No television found
    [content-display] No display for presentations found
   *[loudspeaker] No loudspeaker found
}
trouble-device-missing-advice = “{ $name }” is not connected. { $device ->
    [camera] Others can’t see the room.
    [microphone] Others can’t hear the room.
    [content] Nothing can be presented.
    [display] Nobody here sees the others.
    [content-display] What is presented is on the television, beside people.
   *[loudspeaker] Nothing can be heard in the room.
} Check the cable.
trouble-device-replaced = { $device ->
    [microphone] Another microphone is used
   *[loudspeaker] Another loudspeaker is used
}
trouble-device-replaced-advice = “{ $name }” is not connected. “{ $instead }” is used until it is back. Check the cable.
trouble-device-busy = { $device ->
    [camera] The camera is in use
    [microphone] The microphone is in use
    [content] The input for presentations is in use
    [display] The television is in use
    [content-display] The display for presentations is in use
   *[loudspeaker] The loudspeaker is in use
}
trouble-device-busy-advice = Another program uses “{ $name }”. Close it and it will work here again.
trouble-device-covered = The camera’s shutter is closed
trouble-device-covered-advice = Others see the room once you open the shutter of “{ $name }”.
trouble-device-failed = { $device ->
    [camera] The camera has errors
    [microphone] The microphone has errors
    [content] The input for presentations has errors
    [display] The television has a fault
    [content-display] The display for presentations has a fault
   *[loudspeaker] The loudspeaker has errors
}
trouble-device-failed-advice = Unplug “{ $name }” and plug it in again.
trouble-voice = The panel can’t speak
trouble-voice-advice = This device lacks its voice. Please tell your IT team; a keyboard and larger text work meanwhile.
trouble-call-not-saved = The call can’t be remembered
trouble-call-not-saved-advice = After a restart you would have to join again yourselves. Please tell your IT team: { $path }
set-up-hint = Whoever looks after the rooms enters this code here:
trouble-enrolment = Code of this device: { $code }
trouble-enrolment-advice = It is not set up yet. Whoever looks after the rooms enters the code at { $server }.
trouble-enrolment-alone = This device is not set up yet
trouble-enrolment-alone-advice = It can't reach { $server } and keeps trying. Please check the network cable.
trouble-enrolment-nowhere-advice = It finds no server in this network and keeps looking. Whoever looks after the network tells it to the rooms there.
trouble-key-missing = This computer’s security chip (TPM) is missing
trouble-key-missing-advice = Meetings work as before, but your IT team can’t look after the room. Switch the chip on in the computer’s firmware. After a repair, set the room up anew: Settings, Computer, Factory state.
trouble-key-foreign = This computer’s security chip (TPM) is another one, or was cleared
trouble-key-foreign-advice = Meetings work as before, but your IT team can’t look after the room. Set it up anew: Settings, Computer, Factory state.
trouble-key-failed = This computer’s security chip (TPM) fails
trouble-key-failed-advice = Meetings work as before, but your IT team can’t look after the room. Switch the computer off for ten seconds. If that doesn’t help, it needs repair.
trouble-config = The new settings were refused
trouble-config-advice = The previous ones stay in use. { $problem }
trouble-authority-over = Certificates that the room trusts have expired
trouble-authority-over-advice = Servers with certificates of { $names } can no longer be reached. Please tell your IT team.
trouble-signage = { $count ->
    [one] One picture for the television can’t be shown
   *[other] { $count } pictures for the television can’t be shown
}
trouble-signage-advice = Affected: { $problem }
trouble-calendar-unreachable = { $count ->
    [one] One calendar does not answer
   *[other] { $count } calendars do not answer
}
trouble-calendar-known = Affected: { $names }. As of { $when }; later changes are missing. If it stays like this, tell IT.
trouble-calendar-unknown = Affected: { $names }. These meetings are missing; whether the room is free is not sure. If it stays like this, tell IT.
trouble-calendar-day = { $day }, { $time }
not-ready-camera = The camera does not show the room
not-ready-camera-advice = Look at its shutter and its cable. You can meet with another camera, or without a picture.
not-ready-microphone = The microphone does not hear the room
not-ready-microphone-advice = Look for a mute key on it, and at its cable. In the meeting you can choose another one under “Sound”.
not-ready-display = The television is not connected
not-ready-display-advice = Look at its cable and whether it has power. Until then the others can be heard, but not seen.
not-ready-network = This room has no network
not-ready-network-advice = Look at its network cable, or tell your IT. Until then no meeting can be joined.
not-ready-server = The server of the next meeting does not answer
not-ready-server-advice = The room tries again by itself. If it stays so, ask the organiser whether the link is right, or tell your IT.
not-ready-sockets = The network blocks the next meeting
not-ready-sockets-advice = Connections to its server that stay open (WebSocket) do not get through. Joining may fail, or pictures stay blurred. The room tries again by itself. Please tell your IT.
socket-blocked = The network blocks a connection
socket-blocked-advice = A connection that stays open (WebSocket) to { $server } does not get through. You can stay, but pictures may be missing or blurred. Please tell your IT.
socket-blocked-needed-advice = Without a connection that stays open (WebSocket) to { $server } the room can’t get in. It tries again by itself. Please tell your IT.
not-ready-account = The next meeting’s server does not let this room in
not-ready-account-advice = It does not accept the room’s login. Meet in another room, or with a computer, and tell your IT.
not-ready-media = Picture and sound do not reach the next meeting’s server
not-ready-media-advice = The network here lets nothing through to it. The room tries again by itself. If it stays so, meet in another room, and tell your IT.
not-ready-datagrams = Picture and sound take a slow way
not-ready-datagrams-advice = The network here blocks the usual one (UDP). You can meet, but picture and sound may falter. Please tell your IT.
other-room = { $room } is free
other-room-until = { $room } is free until { $time }
other-room-advice = You can meet there while something is wrong here.
not-ready-disk = This room’s memory is nearly full
not-ready-clock = This room’s clock is wrong
not-ready-it-advice = Please tell your IT; meetings can be joined meanwhile.
trouble-not-in-calendar = The calendar did not take this
trouble-not-in-calendar-advice = Others may not see what was booked or given back here. Try again, or tell your IT.
trouble-encoder = The room’s video chip gave up
trouble-encoder-advice = Meetings go on: the computer does its work, and others may see the room a little less sharp. Tell your IT: { $name }
trouble-calendar = { $count ->
    [one] One calendar entry can’t be read
   *[other] { $count } calendar entries can’t be read
}
trouble-calendar-advice = Affected: { $place }. Ask the organiser to create the entry again.
# To the organiser of a meeting that the room declines.
invitation-declined = The room is taken at that time.
