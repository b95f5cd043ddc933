# German. Every message of src/language/message.rs stands here, and nothing else (a test).

## What else differs from language to language: ltr or rtl, the voice of espeak-ng, the letters of the keyboard.
direction = ltr
voice = de
keyboard = qwertzuiop asdfghjkl yxcvbnm

## Days and times. $weekday and $month are the names below; $hour and $minute have two digits.
weekday = { $number ->
    [1] Montag
    [2] Dienstag
    [3] Mittwoch
    [4] Donnerstag
    [5] Freitag
    [6] Samstag
   *[7] Sonntag
}
month = { $number ->
    [1] Januar
    [2] Februar
    [3] März
    [4] April
    [5] Mai
    [6] Juni
    [7] Juli
    [8] August
    [9] September
    [10] Oktober
    [11] November
   *[12] Dezember
}
date = { $weekday }, { $day }. { $month }
time = { $hour }:{ $minute }
time-range = { $start } – { $end }
time-open = ab { $start }
today = Heute
tomorrow = Morgen

## Home.
now = Jetzt
free = Frei
free-until = Frei bis { $time }
busy = Besprechung läuft
busy-until = Besprechung bis { $time }
private-meeting = Privater Termin
other-service = bei { $name }; dieser Raum kann dort nicht teilnehmen
link-rewritten = { $name } hat den Link ersetzt; bitte den Einladenden um den ursprünglichen
host-not-allowed = dieser Raum darf bei { $name } nicht teilnehmen; bitte Ihrer IT melden
link-unreadable = der Link ist veraltet; bitte den Einladenden um einen neuen
running-since = { $minutes ->
    [0] hat gerade begonnen
    [one] läuft seit einer Minute
   *[other] läuft seit { $minutes } Minuten
}
running-since-hours = läuft seit { $hours } Std. { $minutes } Min.
starts-in = { $minutes ->
    [0] beginnt jetzt
    [one] beginnt in einer Minute
   *[other] beginnt in { $minutes } Minuten
}
starts-in-hours = beginnt in { $hours } Std. { $minutes } Min.
without-appointment = ohne Termin
people-in-call = { $count ->
    [one] 1 Person im Gespräch
   *[other] { $count } im Gespräch
}
tentative = unter Vorbehalt
join = Teilnehmen
ways = Alle Links dieser Besprechung
elsewhere = Andere Besprechung
type-link = Link oder Namen eingeben
type-link-or-name = Ein Link, ein Matrix-Raum (#name:server) oder der Name einer Besprechung auf { $host }
type-link-alone = Ein Link oder ein Matrix-Raum (#name:server)
link-field = Link oder Name
link-leads = Führt zu { $place }
link-leads-nowhere = Das führt noch zu keiner Besprechung.
link-by-phone = Vom Handy
link-by-phone-more = Code scannen, Link dort einfügen
link-by-phone-title = Wohin? Sagen Sie es vom Handy aus
link-by-phone-code = QR-Code, der auf einem Handy eine Seite öffnet, um zu sagen, wohin
link-by-phone-hint = Scannen Sie den Code und fügen Sie dort den Link der Besprechung ein. Das Handy muss im Netz dieses Raums sein. Beigetreten wird erst, wenn Sie hier „Teilnehmen“ berühren.
phone-offers = Ein Handy möchte hierhin
phone-offer-not = Nicht dorthin
phone-where = Wohin es gehen soll
phone-where-send = Im Raum zeigen
phone-where-shown = Der Raum zeigt: { $place }. Berühren Sie „Teilnehmen“ auf seinem Bedienfeld.
phone-where-nowhere = Das führt zu keiner Besprechung. Bitte prüfen Sie den Link.
forget-recent = Liste leeren
forget-recent-more = leert sich nach zwölf Stunden selbst
way-jitsi = Jitsi auf { $name }
way-matrix = Matrix-Anruf
joinable-from = Beitritt ab { $time }
all-meetings = Alle Besprechungen
screen-before = Weiter oben
screen-behind = Weiter unten
back-home = Zurück zum Anfang
access = Anzeige und Bedienung
text-size = Schriftgröße { $percent } %
text-smaller = Schrift kleiner
text-larger = Schrift größer
theme-light = Hell
theme-light-hint = dunkel auf weiß
theme-dark = Dunkel
theme-dark-hint = schont die Augen
theme-contrast = Hoher Kontrast
theme-contrast-hint = weiß und gelb auf schwarz
spoken = Sprachausgabe
spoken-hint = liest vor, was Sie berühren
scanning = Ein Schalter
scanning-hint = markiert eins nach dem anderen
scan-time = { $seconds ->
    [one] Weiter nach 1 Sekunde
   *[other] Weiter nach { $seconds } Sekunden
}
scan-faster = Schneller
scan-slower = Langsamer
left-handed = Für Linkshänder
left-handed-hint = Knöpfe auf der anderen Seite
reduced-motion = Ohne Bewegung
reduced-motion-hint = nichts gleitet oder blendet
forgets-soon = In einer Minute sieht das Bedienfeld wieder so aus, wie der Raum eingestellt ist. Berühren Sie es irgendwo, wenn Ihre Wahl bleiben soll.
spoken-on = Das Bedienfeld spricht. Tippen Sie etwas an, um zu hören, was es ist, tippen Sie zweimal, um es auszuführen, wischen Sie zur Seite, um weiterzugehen. Zum Ausschalten halten Sie die Uhr drei Sekunden lang.
spoken-off = Das Bedienfeld spricht nicht mehr.
spoken-star = Stern
spoken-erased = gelöscht
spoken-capital = groß { $letter }
role-button = Schaltfläche
role-switch-on = Schalter, ein
role-switch-off = Schalter, aus
role-radio-on = ausgewählt
role-radio-off = nicht ausgewählt
role-heading = Überschrift
role-text-box = Eingabefeld
role-image = Bild
role-disabled = jetzt nicht möglich
rooms-own = Wie der Raum eingestellt ist
rooms-own-hint = auch nach Ihrer Besprechung
troubles = Meldungen
troubles-show = Meldungen zeigen
and-more = { $count ->
    [one] und eine weitere
   *[other] und { $count } weitere
}
untitled = Ohne Titel
nothing-more = Der Raum ist frei
nothing-more-hint = Es stehen keine Besprechungen an. Laden Sie den Raum zu einer Besprechung ein, dann erscheint sie hier.
starting = Der Raum wird eingerichtet
starting-hint = Das dauert nur einen Augenblick.

## Einstellungen, und über diesen Raum.
settings = Einstellungen
settings-hint = für alle, die den Raum betreuen
settings-yours = wie das Bedienfeld aussieht, bis Ihre Besprechung vorbei ist
settings-no-pin = Für diesen Raum ist keine PIN eingerichtet. Was bleibt, lässt sich hier deshalb nicht ändern. Die IT legt die PIN in der Konfiguration fest.
settings-pin = PIN der Einstellungen
settings-pin-hint = Sie kennt, wer diesen Raum betreut.
settings-pin-wrong = Diese PIN ist falsch. Versuchen Sie es noch einmal.
settings-pin-wait = { $seconds ->
    [one] Zu viele falsche PINs. In 1 Sekunde geht es weiter.
   *[other] Zu viele falsche PINs. In { $seconds } Sekunden geht es weiter.
}
settings-pin-enter = Einstellungen öffnen
settings-close-soon = In einer Minute schließen sich die Einstellungen. Berühren Sie das Bedienfeld irgendwo, wenn Sie sie länger brauchen.
network = Netzwerk
network-hint = Adressen, Server, Proxy
network-interface = Adressen an { $name }
network-none = Keine Verbindung. Steckt das Kabel?
proxy = Proxy
proxy-none = keiner
server-asked = wird gefragt …
server-answers = antwortet
server-silent = antwortet nicht
devices = Geräte
devices-hint = was angeschlossen ist und ob es funktioniert
devices-try = Jetzt alles prüfen
devices-try-hint = sieht nach Kamera, Mikrofon und Servern und spielt vielleicht ein paar Töne
devices-trying = Alles wird geprüft …
devices-trying-hint = dauert bis zu 40 Sekunden
device-content = Eingang zum Präsentieren
device-television = Fernseher
device-content-display = Bildschirm für Präsentationen
device-none = keins
device-auto = das erste, das angeschlossen ist
device-simulated = simuliert
device-missing = nicht angeschlossen
finding-good = funktioniert
finding-bad = funktioniert nicht
part-names = Namen der Server
part-server = Server der nächsten Besprechung
part-sockets = Verbindungen dorthin, die offen bleiben (WebSocket)
part-account = Anmeldung dort
part-media = Bild und Ton dorthin und zurück
part-datagrams = Der schnelle Weg für Bild und Ton (UDP)
part-disk = Speicher
part-clock = Uhr
look = Bedienfeld dieses Raums
look-hint = Sprache, Farben, Schriftgröße, Helligkeit
language-de = Deutsch
language-en = English
language-hint = Bedienfeld und Fernseher
brightness = Helligkeit { $percent } %
darker = Dunkler
brighter = Heller
cec = Fernseher folgen dem Raum
cec-hint = an, wenn jemand kommt, aus, wenn niemand da ist
account = Konto und Verwaltung
account-hint = wer der Raum ist und wer ihn betreut
account-matrix = Matrix-Konto
account-unused = Der Raum hat keins.
account-starting = wird verbunden …
account-online = angemeldet als { $user }
account-signing-in = wartet auf die Anmeldung bei { $server }
account-unreachable = { $server } antwortet nicht.
account-untrusted = Dem Zertifikat von { $server } wird nicht vertraut.
account-signed-out = von { $server } abgemeldet
account-store = Der Speicher macht Fehler: { $path }
fleet = Verwaltung
fleet-none = Der Raum gehört zu keiner Verwaltung.
fleet-member = { $server }
fleet-waits = Wartet darauf, bei { $server } übernommen zu werden. Code: { $code }
fleet-silent = { $server } antwortet nicht.
fleet-nowhere = In diesem Netz ist kein Server bekannt.
system = Rechner
system-hint = Neustart, Auslieferungszustand
system-cannot = Dieser Rechner lässt sich vom Raum weder neu starten noch zurücksetzen. Das geht dort, wo er verwaltet wird.
restart = Neu starten
restart-hint = dauert etwa eine Minute
restart-question = Rechner neu starten?
restart-question-hint = Es geht nichts verloren. Bis er wieder da ist, kann hier niemand teilnehmen.
restart-failed = Der Neustart blieb aus. Versuchen Sie es noch einmal, oder schalten Sie den Rechner aus und wieder ein.
factory-reset = Auslieferungszustand
factory-reset-hint = vergisst alles, was dieser Raum sich gemerkt hat
factory-reset-question = In den Auslieferungszustand?
factory-reset-lost = Endgültig verloren: das Konto des Raums mit seinen Schlüsseln, sein Platz in der Verwaltung, was hier eingestellt wurde, Kamerapositionen, Buchungen ohne Kalender, die Liste, was benutzt wurde. Die IT muss den Raum neu einrichten.
factory-reset-hold = Drei Sekunden halten
factory-reset-now = Alles vergessen
factory-reset-failed = Der Raum wurde nicht zurückgesetzt, und nichts ist verloren. Versuchen Sie es noch einmal.
understood = Ich weiß, was verloren geht
understood-hint = dann genügt eine Berührung des roten Knopfs
going-down-restart = Der Rechner startet neu
going-down-restart-hint = Der Raum ist in etwa einer Minute wieder da.
going-down-reset = Der Raum vergisst alles
going-down-reset-hint = Er startet wie am ersten Tag. Bitte nicht ausschalten.
about = Über diesen Raum
about-hint = was benutzt wurde, was läuft, welche Version
support = Hilfe
support-help = Hilfe: { $ways }
version = Saal
image = Image
operating-system = Betriebssystem
updates = Aktualisierung
updates-elsewhere = Dieser Rechner wird dort aktualisiert, wo er verwaltet wird.
updates-slot = System { $slot } läuft.
updates-next = { $version } ist installiert und läuft ab dem nächsten Start.
updates-back = { $version } bleibt, um zurückzugehen.
privacy = Was benutzt wurde
privacy-hint = Kamera, Mikrofon, Aufzeichnung, Blicke von außen
privacy-empty = Nichts wurde benutzt.
privacy-kept = { $days ->
    [one] Das steht hier einen Tag lang und nur in diesem Raum, ohne Namen und ohne Titel.
   *[other] Das steht hier { $days } Tage lang und nur in diesem Raum, ohne Namen und ohne Titel.
}
use-camera = Kamera
use-microphone = Mikrofon
use-recording = Die Besprechung wurde aufgezeichnet
use-live-stream = Die Besprechung wurde live übertragen
use-transcription = Die Besprechung wurde mitgeschrieben
use-remote-view = Jemand hat von außen zugesehen
use-remote-touch = Jemand hat das Bedienfeld von außen bedient
use-laptop = Ein Laptop wurde gezeigt
use-going = { $day }, seit { $from }, noch immer
use-over = { $day }, { $from } – { $until }
use-short = { $day }, { $from }, unter einer Minute
use-restart = { $day }, { $from } – etwa { $until }, durch einen Neustart beendet
use-day = { $day }, { $time }
components = Was läuft
components-hint = jeder Teil mit seiner Version
components-count = { $count ->
    [0] Was läuft
    [one] Was läuft: ein Teil
   *[other] Was läuft: { $count } Teile
}
component-licensed = { $version } · { $licence }
licences = Lizenzen
licences-hint = wessen Arbeit das ist
licence-saal = Saal
licence-saal-text = Freie Software: Apache-Lizenz 2.0. Sie dürfen sie benutzen, untersuchen, ändern und weitergeben; es gibt keine Gewährleistung.
licence-fonts = Schriften
licence-fonts-text = Inter, Noto Emoji: SIL Open Font License 1.1. DejaVu: Bitstream-Vera-Lizenz.
licence-icons = Symbole
licence-icons-text = Lucide: ISC-Lizenz.
licence-others = Alles andere
licence-others-text = Jeder Teil steht unter „Was läuft“ mit seiner Lizenz, soweit bekannt. Texte und Quellen: /usr/share/doc im Image und dort, woher das Image kam.

## The television between meetings.
still-busy = Belegt
still-how-panel = Besprechung starten: am Touchpanel
still-how-laptop = Laptop zeigen: am Touchpanel
still-how-phone = Telefon: { $number }
still-how-scan = Vom Handy starten
still-picture = Ein Bild
still-password = Diese Besprechung hat ein Passwort. Bitte geben Sie es auf dem Touchpanel ein.
still-lobby = { $title } – der Raum ist im Warteraum. Auf dem Touchpanel können Sie der Moderation schreiben.

## Joining and leaving.
joining = Wir treten bei
joining-contacting = Der Server wird gefragt …
joining-connecting = Bild und Ton werden verbunden …
joining-returning = Zurück ins Gespräch …
cancel = Abbrechen
leaving = Wir verlassen die Besprechung
ringing = { $name } ruft an
ring-nameless = Jemand
ring-pictures = Anruf mit Bild und Ton
ring-sound = Anruf nur mit Ton
ring-meeting = Zur Besprechung: { $title }
answer = Annehmen
answer-unseen = Ohne Bild annehmen
decline = Ablehnen
leave-and-answer = Verlassen und annehmen

## Waiting for the host, for the server or in the lobby; the password. $room is this room.
waiting-host = Warten auf den Beginn
waiting-host-hint = { $title } – eine Person mit Anmeldung muss die Besprechung eröffnen. Der Raum ist dann von selbst dabei.
waiting-server = Die Besprechung kann noch nicht beginnen
waiting-server-hint = { $title } – der Server der Besprechung ist noch nicht bereit. Der Raum fragt weiter und ist dann von selbst dabei.
waiting-lobby = Die Moderation lässt Sie gleich ein
waiting-lobby-hint = { $title } – der Raum ist im Warteraum. Möchten Sie etwas ausrichten?
lobby-here = Hier ist der Besprechungsraum „{ $room }“.
lobby-please = Bitte lassen Sie uns ein.
lobby-invited = Wir sind eingeladen und warten im Raum „{ $room }“.
lobby-send = an die Moderation senden
lobby-sending = Wird gesendet …
lobby-sent = Gesendet
lobby-answer = { $author ->
    [nobody] Moderation
   *[other] { $author }
}: { $text }
password = Passwort
password-needed = Diese Besprechung hat ein Passwort. Es steht meist in der Einladung.
password-refused = Das Passwort war falsch. Versuchen Sie es noch einmal.
password-show = Passwort zeigen
password-hide = Passwort verbergen
characters = { $count ->
    [0] leer
    [one] 1 Zeichen
   *[other] { $count } Zeichen
}
key-space = Leerzeichen
key-erase = Löschen
key-shift = Großbuchstaben
key-symbols = Zeichen und Umlaute
key-letters = Buchstaben und Ziffern

## In the call.
participants = { $count ->
    [0] Noch niemand sonst hier
    [one] 1 weitere Person
   *[other] { $count } weitere Personen
}
alone-hint = Sobald jemand dazukommt, erscheint das Bild auf dem Fernseher.
elapsed = { $minutes } Min.
elapsed-hours = { $hours } Std. { $minutes } Min.
reconnecting = Verbindung unterbrochen, wird wiederhergestellt …
speaking = spricht
microphone-off-there = Mikrofon aus
microphone-on-there = Mikrofon an
presenting = präsentiert
more-people = { $count } weitere
microphone = Mikrofon
microphone-on = Mikrofon an
microphone-off = Mikrofon aus
mute = Stummschalten
unmute = Einschalten
camera = Kamera
camera-on = Kamera an
camera-off = Kamera aus
camera-stop = Ausschalten
camera-start = Einschalten
leave = Verlassen
leave-hint = Besprechung verlassen

## Die Zeit des Raums.
book = Raum buchen
book-minutes = { $minutes ->
    [60] Eine Stunde
   *[other] { $minutes } Minuten
}
extend-minutes = { $minutes ->
    [60] Eine Stunde länger
   *[other] { $minutes } Minuten länger
}
until-next = Bis zur nächsten Besprechung
until = bis { $time }
time-change = Verlängern oder beenden
end-now = Jetzt beenden
end-now-hint = der Raum ist für andere frei
day-alone = Niemand sonst ist in dieser Besprechung. Der Raum verlässt sie in einer Minute.
stay = Bleiben
day-next = „{ $title }“ beginnt hier um { $time }
day-next-now = „{ $title }“ sollte hier um { $time } beginnen
go-over = Dorthin wechseln
day-cancelled = Diese Besprechung wurde abgesagt. Sie können trotzdem bleiben.
day-moved = Diese Besprechung wurde verschoben: { $day }, { $time }
day-moved-away = „{ $title }“ wurde verschoben: { $day }, { $time }
day-without-picture = An „{ $title }“ nimmt dieser Raum ohne Bild teil
with-picture = Doch mit Bild
day-other-camera = In „{ $title }“ ist „{ $camera }“ die Kamera
usual-camera = Doch die übliche
day-other-sound = In „{ $title }“: Mikrofon „{ $microphone }“, Lautsprecher „{ $loudspeaker }“
day-other-microphone = In „{ $title }“ ist „{ $microphone }“ das Mikrofon
day-other-loudspeaker = In „{ $title }“ ist „{ $loudspeaker }“ der Lautsprecher
usual-sound = Doch wie üblich
other-speakerphone = Andere Freisprecheinheit
other-microphone = Anderes Mikrofon
other-loudspeaker = Anderer Lautsprecher
other-camera = Andere Kamera
without-picture = Ohne Bild
day-check-in = Sind Sie für „{ $title }“ hier? Sonst wird der Raum um { $time } frei.
check-in = Wir sind da
release = Raum freigeben
day-taken = „{ $title }“ hat diesen Raum bis { $time }

## What else there is in the call. $source is microphone, camera or content.
reaction-like = Daumen hoch
reaction-clap = Applaus
reaction-love = Herz
reaction-laugh = Lachen
reaction-surprised = Staunen
reaction-boo = Enttäuscht
more = Mehr
more-hint = Hand, Chat …
more-hint-no-chat = Hand, Personen …
more-unread = Chat: { $count } neu
chat-unread = { $count } neu
more-knocking = { $count ->
    [one] 1 Person wartet
   *[other] { $count } warten
}
back-to-call = Zum Gespräch
back = Zurück
page-before = Vorige Seite
page-behind = Nächste Seite
page-of = Seite { $page } von { $count }
hand-raise = Hand heben
hand-lower = Hand senken
hand-raised = Ihre Hand ist gehoben
hand-up = meldet sich
people = Personen
people-count = { $count ->
    [one] 1 weitere Person
   *[other] { $count } weitere
}
chat = Chat
chat-empty = Noch keine Nachrichten
chat-empty-hint = Was andere ab jetzt schreiben, steht hier.
chat-private = nur an diesen Raum
chat-unreadable = Eine Nachricht, die sich nicht anzeigen lässt
chat-show = Chat auf den Fernseher
chat-hide = Chat vom Fernseher
sound = Ton
volume-at = Lautstärke { $percent } %
volume-louder = Lauter
volume-quieter = Leiser
sound-test = Testton abspielen
sound-test-stop = Testton beenden
sound-test-hint = nur in diesem Raum zu hören
sound-level = Mikrofon
sound-level-muted = Das Mikrofon ist aus
sound-both = Mikrofon und Lautsprecher
sound-microphone = Mikrofon
sound-loudspeaker = Lautsprecher
sound-in-use = { $what }, wird benutzt
arrangement = Bild auf dem Fernseher
layout-grid = Alle gleich groß
layout-grid-hint = neben dem, was jemand zeigt
layout-speaker = Wer spricht, groß
layout-speaker-hint = die anderen daneben
layout-content = Präsentation allein
layout-content-hint = sonst alle gleich groß
self-view = Eigenes Bild
self-view-on = Der Raum sieht sich selbst
self-view-off = Nur die anderen sind zu sehen
self-view-no-camera = Die Kamera ist aus
seen-of = { $from }–{ $to } von { $count } Personen
polls = Umfragen
polls-count = { $count ->
    [one] 1 Umfrage
   *[other] { $count } Umfragen
}
votes = { $count ->
    [one] 1 Stimme
   *[other] { $count } Stimmen
}
keypad = Wähltasten
keypad-hint = Jede Taste sendet sofort einen Ton.
camera-aim = Kamera ausrichten
camera-left = Nach links
camera-right = Nach rechts
camera-up = Nach oben
camera-down = Nach unten
zoom-in = Näher heran
zoom-out = Weiter weg
camera-zoom = Zoom { $percent } %
camera-straight = Ganzes Bild, geradeaus
camera-save = Position merken
camera-save-where = Welche Position ersetzen?
camera-save-new = Neue Position
camera-position = Position { $number }
camera-choose = Kamera wechseln
camera-in-use = in Gebrauch
seen-television = Ihre IT sieht gerade, was auf dem Fernseher dieses Raums ist
seen-camera = Ihre IT sieht gerade, was die Kamera dieses Raums zeigt
seen-end = Beenden
view-asks-television = Ihre IT möchte sehen, was auf dem Fernseher dieses Raums ist
view-asks-camera = Ihre IT möchte sehen, was die Kamera dieses Raums zeigt
view-allow = Erlauben
view-refuse = Nicht jetzt
help-asks-look = { $name } (IT) möchte das Bedienfeld sehen
help-asks-touch = { $name } (IT) möchte mitsehen und bedienen
helped-look = { $name } (IT) sieht das Bedienfeld
helped-touch = { $name } (IT) sieht mit und bedient
laptop-share = Laptop zeigen
laptop-other = Anderer Laptop
laptop-stop = Laptop beenden
laptop-shown = Ein Laptop ist auf dem Fernseher
phone = Handy benutzen
phone-title = Das Bedienfeld auf Ihrem Handy
phone-hint = Scannen Sie den Code. Das Handy muss im Netz dieses Raums sein. Es bedient diese Besprechung, und nur solange sie dauert.
phone-code = QR-Code, der die Bedienung auf einem Handy öffnet
phone-broken = Handys lassen sich hier gerade nicht benutzen. Bitte sagen Sie Ihrer IT Bescheid.
phone-dismiss = Alle Handys abmelden
phone-page = Raum bedienen
phone-refresh = Aktualisieren
phone-lost = Keine Verbindung zum Raum. Neuer Versuch …
phone-answer = Bitte antworten Sie am Bedienfeld im Raum.
phone-over = Das ist beendet
phone-over-hint = Die Besprechung ist vorbei, oder die Handys wurden abgemeldet. In einer Besprechung zeigt das Bedienfeld unter „Mehr“ einen neuen Code.
door-free = Frei
door-soon = Gleich belegt
door-taken = Belegt
door-until = bis { $time }
door-from = ab { $time }
door-reserved = Reserviert
door-nobody = Niemand hat diesen Raum.
door-next = Danach
door-nothing = Heute nichts mehr.
laptop-title = Bildschirm des Laptops zeigen
laptop-hint = Öffnen Sie diese Adresse im Browser des Laptops und geben Sie den Code ein.
laptop-fingerprint = Der Browser warnt vor dem Zertifikat. Es ist das dieses Raums, wenn sein SHA-256-Fingerabdruck so beginnt: { $fingerprint }
laptop-opening = Einen Moment …
laptop-broken = Laptops können hier gerade nicht gezeigt werden. Bitte sagen Sie Ihrer IT Bescheid.
present-start = Präsentieren
present-stop = Präsentation beenden
end-for-all = Für alle beenden
end-for-all-question = Besprechung für alle beenden?
end-for-all-hint = Alle verlassen die Besprechung sofort, auch dieser Raum.
recording = Aufzeichnung
live-stream = Livestream
transcription = Mitschrift
breakout = Gruppenraum: { $name }
breakout-of = Gruppenraum von { $title }
breakout-back = Zurück zur Besprechung
visitor = Nur zuhören und zusehen – zum Mitreden Hand heben
visitor-source = nur zuhören
consent-recording = Darf aufgezeichnet werden?
consent-recording-hint = Die Besprechung wird aufgezeichnet, mit Bild und Ton aus diesem Raum. Wer nicht einverstanden ist, verlässt sie.
consent-transcription = Darf mitgeschrieben werden?
consent-transcription-hint = Was gesprochen wird, auch in diesem Raum, wird als Text festgehalten. Wer nicht einverstanden ist, verlässt die Besprechung.
consent-live-stream = Darf übertragen werden?
consent-live-stream-hint = Die Besprechung wird live übertragen, mit Bild und Ton aus diesem Raum. Wer nicht einverstanden ist, verlässt sie.
consent-first = erst nach Ihrer Antwort
agree = Einverstanden
knocks = wartet auf Einlass
knocks-name = { $name } wartet auf Einlass
knocks-many = { $count ->
    [one] 1 Person wartet auf Einlass
   *[other] { $count } Personen warten auf Einlass
}
show-people = Anzeigen
admit = Einlassen
reject = Ablehnen
role-moderator = moderiert
role-visitor = hört zu
key-missing = warten auf den Schlüssel
spoke = { $minutes ->
    [0] Redezeit unter 1 Min.
   *[other] Redezeit { $minutes } Min.
}
camera-off-there = Kamera aus
both-off-there = Mikrofon und Kamera aus
both-on-there = Mikrofon und Kamera an
mute-there = Stummschalten
stop-camera-there = Kamera ausschalten
allow-microphone = Mikrofon erlauben
ask-microphone = Ums Wort bitten
allow-camera = Kamera erlauben
moderation = Moderation
remove = Entfernen
remove-question = { $name } entfernen?
remove-hint = Die Person verlässt die Besprechung sofort.
muted-by = { $source ->
    [microphone] Das Mikrofon wurde von { $name } ausgeschaltet.
    [camera] Die Kamera wurde von { $name } ausgeschaltet.
   *[content] Die Präsentation wurde von { $name } beendet.
}
muted-by-rules = { $source ->
    [microphone] Das Mikrofon wurde für diese Besprechung ausgeschaltet.
    [camera] Die Kamera wurde für diese Besprechung ausgeschaltet.
   *[content] Die Präsentation wurde beendet.
}
unmute-allowed = { $source ->
    [microphone] Sie dürfen jetzt sprechen.
    [camera] Sie dürfen die Kamera jetzt einschalten.
   *[content] Sie dürfen jetzt präsentieren.
}
unmute-refused = { $source ->
    [microphone] Das Mikrofon wird von der Moderation freigegeben. Melden Sie sich, wenn Sie sprechen möchten.
    [camera] Die Kamera wird von der Moderation freigegeben. Melden Sie sich, wenn Sie zu sehen sein möchten.
   *[content] Präsentieren muss die Moderation erlauben. Melden Sie sich.
}
unmute-waits = { $source ->
    [microphone] Das Mikrofon wird von der Moderation freigegeben. Ihre Hand ist gehoben.
    [camera] Die Kamera wird von der Moderation freigegeben. Ihre Hand ist gehoben.
   *[content] Präsentieren muss die Moderation erlauben. Ihre Hand ist gehoben.
}
caption-line = { $speaker }: { $text }

## What is wrong, and what to do.
trouble-more = { $count ->
    [one] und ein weiterer Hinweis
   *[other] und { $count } weitere Hinweise
}
dismiss = Verstanden
trouble-signed-out = Der Raum ist abgemeldet
trouble-signed-out-advice = { $server } nimmt die Anmeldung des Raums nicht mehr an. Bitte geben Sie der IT Bescheid.
trouble-removed = Dieses Gerät wurde abgemeldet
trouble-removed-advice = Jemand hat das Gerät des Raums bei { $server } aus dem Konto entfernt. Bitte geben Sie der IT Bescheid.
trouble-unreachable = Keine Verbindung zum Server
trouble-unreachable-advice = { $server } antwortet nicht. Der Raum versucht es weiter. Steckt das Netzwerkkabel?
trouble-rooms-known = Besprechungen von dort: Stand { $when }.
trouble-untrusted = Keine sichere Verbindung zum Server
trouble-untrusted-advice = Dieser Raum vertraut dem Zertifikat von { $server } nicht. Der Raum versucht es weiter. Bitte geben Sie der IT Bescheid.
trouble-engine = Bild und Ton fallen aus
trouble-engine-advice = Der Raum versucht es weiter. Bleibt es dabei, geben Sie bitte der IT Bescheid.
recovery-key = Wiederherstellungsschlüssel
recovery-key-enter = Schlüssel eingeben
recovery-key-needed = Die IT hat ihn beim Einrichten des Kontos notiert. Groß- und Kleinbuchstaben zählen, Leerzeichen nicht.
recovery-key-refused = Dieser Schlüssel passt nicht. Versuchen Sie es noch einmal.
recovery-key-try = Prüfen
sign-in = Anmelden
sign-in-title = Raum anmelden
sign-in-hint = Scannen Sie den Code mit einem Handy, oder öffnen Sie diese Adresse und geben Sie den Code ein:
sign-in-whose = Melden Sie sich dort als { $user } an, das Konto des Raums, nicht als Sie selbst.
sign-in-until = Gültig bis { $time }.
sign-in-qr-code = QR-Code, der zur Anmeldung führt
sign-in-new-code = Neuer Code
sign-in-by-code = Mit einem Browser
sign-in-by-device = Mit anderem Gerät
sign-in-scan = Diesen Code mit einem Gerät scannen, auf dem das Konto des Raums angemeldet ist
sign-in-scan-hint = In Element X dort: Einstellungen, „Neues Gerät verknüpfen“, QR-Code scannen. Der Raum bekommt von ihm die Schlüssel des Kontos und ist sofort bestätigt.
sign-in-scan-code = QR-Code für die Kamera des anderen Geräts
sign-in-digits = Welche Zahl zeigt das andere Gerät?
sign-in-digits-hint = Zwei Ziffern. Sie sagen den Geräten, dass niemand zwischen ihnen steht.
sign-in-digits-try = Weiter
sign-in-allow = Anmeldung am anderen Gerät erlauben
sign-in-allow-hint = Es fragt, ob der Raum hineindarf, und zeigt vielleicht diesen Code:
sign-in-starting = Ein Code wird geholt
sign-in-starting-hint = Einen Moment bitte.
sign-in-finishing = Der Raum wird angemeldet
sign-in-finishing-hint = Gleich fertig.
sign-in-under-way = Der Raum wird angemeldet
sign-in-under-way-advice = Jemand meldet ihn bei { $server } an.
sign-in-needed = Der Raum ist noch nicht angemeldet
sign-in-needed-advice = Die IT kann ihn hier bei { $server } anmelden, mit einem Handy oder einem Computer.
sign-in-ended = Der Raum wurde abgemeldet
sign-in-ended-advice = Jemand hat seine Sitzung bei { $server } beendet. Die IT kann ihn hier wieder anmelden.
sign-in-denied = Die Anmeldung wurde abgelehnt
sign-in-denied-advice = Jemand hat bei { $server } Nein gesagt. War das ein Versehen, beginnen Sie noch einmal.
sign-in-expired = Der Code ist abgelaufen
sign-in-expired-advice = Niemand hat den Raum rechtzeitig bei { $server } angemeldet. Beginnen Sie noch einmal für einen neuen Code.
sign-in-other-account = Das war ein anderes Konto
sign-in-other-account-advice = { $user } ist nicht das Konto des Raums. Beginnen Sie noch einmal und melden Sie sich dort als der Raum an.
sign-in-wrong-digits = Das war nicht die Zahl
sign-in-wrong-digits-advice = Beginnen Sie noch einmal und geben Sie die Zahl ein, die das andere Gerät dann zeigt.
sign-in-other-device = Mit dem anderen Gerät ging es nicht
sign-in-other-device-advice = Es hat aufgehört, oder es hat selbst keine Schlüssel des Kontos. Beginnen Sie noch einmal, oder nehmen Sie einen Browser.
sign-in-not-offered = Hier geht die Anmeldung nicht
sign-in-not-offered-advice = { $server } bietet sie nicht an. Die IT muss einen anderen Weg einrichten.
sign-in-refused = Der Server weist den Raum ab
sign-in-refused-advice = { $server } lässt niemanden diesen Raum anmelden. Bitte geben Sie der IT Bescheid; der Grund steht im Protokoll.
sign-in-unreachable = Keine Antwort
sign-in-unreachable-advice = { $server } oder sein Anmeldedienst antwortet nicht. Prüfen Sie das Netzwerk und beginnen Sie noch einmal.
verify = Bestätigen
verify-not = Nicht jetzt
verify-question = Diesen Raum bestätigen?
verify-question-hint = „{ $device }“ möchte prüfen, ob dieses Gerät zum Konto des Raums gehört. Das macht sonst nur die IT.
verify-question-user-hint = „{ $user }“ möchte prüfen, ob das wirklich dieser Raum ist. Das macht sonst nur die IT.
verify-scan = Diesen Code mit dem anderen Gerät scannen
verify-scan-hint = Wählen Sie dort „QR-Code scannen“ und richten Sie die Kamera hierher.
verify-code = QR-Code für die Kamera des anderen Geräts
verify-emoji-instead = Stattdessen Emojis vergleichen
verify-scanned = Zeigt das andere Gerät ein Häkchen?
verify-scanned-hint = Jemand hat den Code gescannt. Sagen Sie nur Ja, wenn Sie es waren.
verify-scanned-yes = Ja
verify-scanned-no = Nein
verify-waiting = Am anderen Gerät weitermachen
verify-waiting-hint = Dort steht, wie es weitergeht.
verify-compare = Stehen hier und dort dieselben Emojis?
verify-compare-hint = In derselben Reihenfolge, alle sieben.
verify-same = Sie stimmen überein
verify-other = Sie sind anders
verify-emoji = { $number ->
     [0] Hund
     [1] Katze
     [2] Löwe
     [3] Pferd
     [4] Einhorn
     [5] Schwein
     [6] Elefant
     [7] Hase
     [8] Panda
     [9] Hahn
     [10] Pinguin
     [11] Schildkröte
     [12] Fisch
     [13] Oktopus
     [14] Schmetterling
     [15] Blume
     [16] Baum
     [17] Kaktus
     [18] Pilz
     [19] Globus
     [20] Mond
     [21] Wolke
     [22] Feuer
     [23] Banane
     [24] Apfel
     [25] Erdbeere
     [26] Mais
     [27] Pizza
     [28] Kuchen
     [29] Herz
     [30] Smiley
     [31] Roboter
     [32] Hut
     [33] Brille
     [34] Schraubenschlüssel
     [35] Weihnachtsmann
     [36] Daumen hoch
     [37] Regenschirm
     [38] Sanduhr
     [39] Wecker
     [40] Geschenk
     [41] Glühbirne
     [42] Buch
     [43] Bleistift
     [44] Büroklammer
     [45] Schere
     [46] Schloss
     [47] Schlüssel
     [48] Hammer
     [49] Telefon
     [50] Flagge
     [51] Zug
     [52] Fahrrad
     [53] Flugzeug
     [54] Rakete
     [55] Pokal
     [56] Ball
     [57] Gitarre
     [58] Trompete
     [59] Glocke
     [60] Anker
     [61] Kopfhörer
     [62] Ordner
    *[63] Stecknadel
}
verified = Der Raum ist bestätigt
verified-hint = Andere erkennen dieses Gerät jetzt als das des Raums.
not-verified = Der Raum wurde nicht bestätigt
not-verified-hint = Die Geräte passten nicht zusammen, oder jemand hat abgebrochen. Sie können am anderen Gerät neu beginnen.
trouble-identity = Verschlüsselte Besprechungen gehen nicht
trouble-identity-key = Dieses Gerät ist noch nicht bestätigt. Die IT hat den Schlüssel dafür.
trouble-identity-wrong-key = Der Schlüssel passt nicht zum Konto des Raums. Die IT hat den richtigen.
trouble-identity-reset = Das Gerät des Raums ist nicht bestätigt. Die IT muss es von einem anderen Gerät des Kontos aus bestätigen oder die Identität des Kontos zurücksetzen.
trouble-identity-lost = Die Schlüssel des Geräts sind verloren. Die IT muss den Raum neu anmelden.
trouble-store-full = Der Speicher des Raums ist voll
trouble-store = Der Speicher des Raums macht Fehler
trouble-store-advice = Besprechungen gehen weiter, aber Neues wird nicht behalten. Bitte geben Sie der IT Bescheid: { $path }
trouble-join = { $title }: Beitritt nicht möglich
trouble-join-removed = { $title }: Der Raum wurde entfernt
trouble-join-removed-advice = Jemand mit Moderationsrecht hat den Raum aus der Besprechung genommen.
trouble-join-not-allowed-advice = Der Raum darf nicht teilnehmen. Bitten Sie die einladende Person, ihn wieder einzuladen.
trouble-join-failed-advice = Der Dienst für die Besprechung hat nicht funktioniert. Versuchen Sie es noch einmal.
trouble-join-untrusted-advice = Dieser Raum vertraut dem Zertifikat von { $server } nicht. Geben Sie der IT Bescheid.
trouble-join-blocked-advice = Das Netz hier lässt keine Verbindung, die offen bleiben muss (WebSocket), zu { $server } durch. Bitte sagen Sie Ihrer IT Bescheid.
trouble-join-wrong-call-advice = { $server } hätte in eine andere Besprechung geführt. Geben Sie der IT Bescheid.
trouble-join-over-advice = Die Besprechung ist zu Ende.
trouble-join-removed-because = Jemand mit Moderationsrecht hat den Raum aus der Besprechung genommen: „{ $message }“
trouble-join-refused-advice = Der Dienst für die Besprechung meldet: „{ $message }“
trouble-call-elsewhere = { $title }: Anderswo angenommen
trouble-call-elsewhere-advice = Ein anderes Gerät hat den Anruf schneller angenommen.
trouble-join-ended = { $title }: Die Besprechung wurde beendet
trouble-join-ended-advice = Jemand mit Moderationsrecht hat sie für alle beendet.
trouble-join-rejected-advice = Jemand mit Moderationsrecht hat den Raum nicht eingelassen. Fragen Sie die einladende Person.
trouble-join-full-advice = Die Besprechung ist voll. Bitten Sie die einladende Person, Platz zu machen.
trouble-join-not-found-advice = Die Besprechung ist vorbei oder es gibt sie nicht. Prüfen Sie die Einladung.
trouble-join-login-advice = Hier kommen nur angemeldete Teilnehmende hinein; die Anmeldung des Raums fehlt oder wurde abgelehnt. Sagen Sie Ihrer IT Bescheid.
trouble-join-encryption-advice = Die Besprechung ist auf eine Weise Ende-zu-Ende-verschlüsselt, die dieser Raum nicht beherrscht. Bitten Sie die einladende Person, das abzuschalten, oder nehmen Sie mit einem Rechner teil.
trouble-join-bad-link-advice = Der Link der Besprechung ist nicht verwendbar. Bitten Sie die einladende Person um einen neuen.
trouble-device-missing = { $device ->
    [camera] Keine Kamera gefunden
    [microphone] Kein Mikrofon gefunden
    [content] Kein Eingang zum Präsentieren gefunden
    [display] Kein Fernseher gefunden
    [content-display] Kein Bildschirm für Präsentationen gefunden
   *[loudspeaker] Kein Lautsprecher gefunden
}
trouble-device-missing-advice = „{ $name }“ ist nicht angeschlossen. { $device ->
    [camera] Die anderen sehen den Raum nicht.
    [microphone] Die anderen hören den Raum nicht.
    [content] Es kann nichts präsentiert werden.
    [display] Die anderen sind nicht zu sehen.
    [content-display] Was präsentiert wird, steht auf dem Fernseher neben den anderen.
   *[loudspeaker] Im Raum ist nichts zu hören.
} Prüfen Sie das Kabel.
trouble-device-replaced = { $device ->
    [microphone] Ein anderes Mikrofon wird benutzt
   *[loudspeaker] Ein anderer Lautsprecher wird benutzt
}
trouble-device-replaced-advice = „{ $name }“ ist nicht angeschlossen. Bis es wieder da ist, wird „{ $instead }“ benutzt. Prüfen Sie das Kabel.
trouble-device-busy = { $device ->
    [camera] Die Kamera ist belegt
    [microphone] Das Mikrofon ist belegt
    [content] Der Eingang zum Präsentieren ist belegt
    [display] Der Fernseher ist belegt
    [content-display] Der Bildschirm für Präsentationen ist belegt
   *[loudspeaker] Der Lautsprecher ist belegt
}
trouble-device-busy-advice = Ein anderes Programm benutzt „{ $name }“. Beenden Sie es, dann geht es hier weiter.
trouble-device-covered = Die Blende der Kamera ist geschlossen
trouble-device-covered-advice = Die anderen sehen den Raum erst, wenn Sie die Blende an „{ $name }“ öffnen.
trouble-device-failed = { $device ->
    [camera] Die Kamera macht Fehler
    [microphone] Das Mikrofon macht Fehler
    [content] Der Eingang zum Präsentieren macht Fehler
    [display] Der Fernseher macht Fehler
    [content-display] Der Bildschirm für Präsentationen macht Fehler
   *[loudspeaker] Der Lautsprecher macht Fehler
}
trouble-device-failed-advice = Ziehen Sie „{ $name }“ ab und stecken Sie es wieder an.
trouble-voice = Die Sprachausgabe bleibt stumm
trouble-voice-advice = Diesem Gerät fehlt die Stimme. Bitte geben Sie der IT Bescheid; Tastatur und größerer Text gehen weiterhin.
trouble-call-not-saved = Das Gespräch kann nicht gemerkt werden
trouble-call-not-saved-advice = Nach einem Neustart müssten Sie selbst wieder teilnehmen. Bitte geben Sie der IT Bescheid: { $path }
set-up-hint = Wer die Räume betreut, gibt diesen Code hier ein:
trouble-enrolment = Code dieses Geräts: { $code }
trouble-enrolment-advice = Es ist noch nicht eingerichtet. Wer die Räume betreut, gibt den Code bei { $server } ein.
trouble-enrolment-alone = Dieses Gerät ist noch nicht eingerichtet
trouble-enrolment-alone-advice = Es erreicht { $server } nicht und versucht es weiter. Bitte das Netzwerkkabel prüfen.
trouble-enrolment-nowhere-advice = Es findet in diesem Netz keinen Server und sucht weiter. Wer das Netz betreut, macht ihn dort bekannt.
trouble-key-missing = Der Sicherheitschip (TPM) dieses Rechners fehlt
trouble-key-missing-advice = Besprechungen funktionieren weiter, aber die IT kann den Raum nicht betreuen. Schalten Sie den Chip in der Firmware des Rechners ein. Nach einer Reparatur den Raum neu einrichten: Einstellungen, Rechner, Auslieferungszustand.
trouble-key-foreign = Der Sicherheitschip (TPM) dieses Rechners ist ein anderer oder wurde gelöscht
trouble-key-foreign-advice = Besprechungen funktionieren weiter, aber die IT kann den Raum nicht betreuen. Richten Sie ihn neu ein: Einstellungen, Rechner, Auslieferungszustand.
trouble-key-failed = Der Sicherheitschip (TPM) dieses Rechners versagt
trouble-key-failed-advice = Besprechungen funktionieren weiter, aber die IT kann den Raum nicht betreuen. Schalten Sie den Rechner zehn Sekunden lang aus. Hilft das nicht, muss er repariert werden.
trouble-config = Die neue Einstellung wurde abgelehnt
trouble-config-advice = Die bisherige gilt weiter. { $problem }
trouble-authority-over = Zertifikate, denen der Raum vertraut, sind abgelaufen
trouble-authority-over-advice = Server mit Zertifikaten von { $names } sind nicht mehr erreichbar. Bitte sagen Sie Ihrer IT Bescheid.
trouble-signage = { $count ->
    [one] Ein Bild für den Fernseher kann nicht gezeigt werden
   *[other] { $count } Bilder für den Fernseher können nicht gezeigt werden
}
trouble-signage-advice = Betroffen: { $problem }
trouble-calendar-unreachable = { $count ->
    [one] Ein Kalender antwortet nicht
   *[other] { $count } Kalender antworten nicht
}
trouble-calendar-known = Betroffen: { $names }. Stand: { $when }; was danach geändert wurde, fehlt. Bleibt es so, geben Sie bitte der IT Bescheid.
trouble-calendar-unknown = Betroffen: { $names }. Diese Termine fehlen; ob der Raum frei ist, ist nicht sicher. Bleibt es so, geben Sie bitte der IT Bescheid.
trouble-calendar-day = { $day }, { $time }
not-ready-camera = Die Kamera zeigt den Raum nicht
not-ready-camera-advice = Sehen Sie nach Blende und Kabel. Sie können mit einer anderen Kamera oder ohne Bild teilnehmen.
not-ready-microphone = Das Mikrofon hört den Raum nicht
not-ready-microphone-advice = Sehen Sie nach einer Stummtaste daran und nach dem Kabel. In der Besprechung können Sie unter „Ton“ ein anderes wählen.
not-ready-display = Der Fernseher ist nicht angeschlossen
not-ready-display-advice = Sehen Sie nach seinem Kabel und ob er Strom hat. Bis dahin sind die anderen zu hören, aber nicht zu sehen.
not-ready-network = Dieser Raum hat kein Netz
not-ready-network-advice = Sehen Sie nach dem Netzwerkkabel, oder sagen Sie Ihrer IT Bescheid. Bis dahin ist keine Teilnahme möglich.
not-ready-server = Der Server der nächsten Besprechung antwortet nicht
not-ready-server-advice = Der Raum versucht es von selbst weiter. Bleibt es so, fragen Sie die einladende Person nach dem Link, oder sagen Sie Ihrer IT Bescheid.
not-ready-sockets = Das Netz sperrt die nächste Besprechung
not-ready-sockets-advice = Verbindungen zu ihrem Server, die offen bleiben (WebSocket), kommen nicht durch. Die Teilnahme kann scheitern, oder Bilder bleiben unscharf. Der Raum versucht es von selbst weiter. Bitte sagen Sie Ihrer IT Bescheid.
socket-blocked = Das Netz sperrt eine Verbindung
socket-blocked-advice = Eine Verbindung, die offen bleiben muss (WebSocket), kommt nicht zu { $server } durch. Sie können bleiben, aber Bilder können fehlen oder unscharf sein. Bitte sagen Sie Ihrer IT Bescheid.
socket-blocked-needed-advice = Ohne eine Verbindung zu { $server }, die offen bleibt (WebSocket), kommt der Raum nicht hinein. Er versucht es von selbst weiter. Bitte sagen Sie Ihrer IT Bescheid.
not-ready-account = Der Server der nächsten Besprechung lässt diesen Raum nicht ein
not-ready-account-advice = Er nimmt die Anmeldung des Raums nicht an. Treffen Sie sich in einem anderen Raum oder mit einem Computer, und sagen Sie Ihrer IT Bescheid.
not-ready-media = Bild und Ton erreichen den Server der nächsten Besprechung nicht
not-ready-media-advice = Das Netz hier lässt nichts zu ihm durch. Der Raum versucht es von selbst weiter. Bleibt es so, treffen Sie sich in einem anderen Raum, und sagen Sie Ihrer IT Bescheid.
not-ready-datagrams = Bild und Ton nehmen einen langsamen Weg
not-ready-datagrams-advice = Das Netz hier sperrt den üblichen (UDP). Sie können sich treffen, aber Bild und Ton können stocken. Bitte sagen Sie Ihrer IT Bescheid.
other-room = { $room } ist frei
other-room-until = { $room } ist bis { $time } frei
other-room-advice = Dort können Sie sich treffen, solange hier etwas nicht geht.
not-ready-disk = Der Speicher dieses Raums ist fast voll
not-ready-clock = Die Uhr dieses Raums geht falsch
not-ready-it-advice = Bitte sagen Sie Ihrer IT Bescheid; Sie können trotzdem teilnehmen.
trouble-not-in-calendar = Der Kalender hat das nicht übernommen
trouble-not-in-calendar-advice = Andere sehen vielleicht nicht, was hier gebucht oder freigegeben wurde. Versuchen Sie es noch einmal, oder sagen Sie Ihrer IT Bescheid.
trouble-encoder = Der Videochip des Raums ist ausgefallen
trouble-encoder-advice = Besprechungen gehen weiter: Der Rechner übernimmt, das Bild des Raums kann für andere etwas unschärfer sein. Bitte sagen Sie der IT Bescheid: { $name }
trouble-calendar = { $count ->
    [one] Ein Termin ist unlesbar
   *[other] { $count } Termine sind unlesbar
}
trouble-calendar-advice = Betroffen: { $place }. Bitten Sie die einladende Person, den Termin neu anzulegen.
# In der Absage an die einladende Person.
invitation-declined = Der Raum ist zu dieser Zeit belegt.
