# Words of the dashboard. Each message stands in every language, and no other (a test).

## Parts
overview = Übersicht
rooms = Räume
configuration = Einstellungen
claim = Aufnehmen
audit = Protokoll
people = Personen
parts = Bereiche
way = Sie sind hier
to-the-content = Zum Inhalt
to-the-overview = Zur Übersicht
other-language = English
not-done = Das ging nicht
pages = Seiten
previous = Zurück
next = Weiter
older = Ältere
page-of = Seite { $page } von { $pages }
show = Anzeigen
search = Suche
search-hint = Raum, Seriennummer, Modell
place = Ort
which = Welche
change = Ändern
remove = Entfernen
organisation = Gesamte Organisation

## Signing in
sign-in = Anmelden
sign-out = Abmelden
sign-in-at = Anmelden mit { $name }
sign-out-at = Bei { $name } abmelden
signed-out = Abgemeldet
signed-out-hint = Hier sind Sie abgemeldet. { $name } kennt Sie womöglich noch.
person-name = Name
password = Passwort
password-again = Noch einmal
code-of-authenticator = Code der Authenticator-App
sign-in-failed = Name, Passwort und Code passen nicht zusammen. Nach mehreren Versuchen bleibt die Anmeldung eine Weile geschlossen.
welcome = Willkommen, { $name }
welcome-password = 1. Passwort wählen
welcome-authenticator = 2. Authenticator-App verbinden
welcome-scan = Scannen Sie das Bild mit einer Authenticator-App und geben Sie den Code ein, den sie zeigt.
welcome-type = Oder geben Sie dort diesen Schlüssel ein:
welcome-done = Fertig
qr-code = QR-Code für die Authenticator-App
passwords-differ = Die beiden Passwörter sind verschieden.
wrong-code = Der Code stimmt nicht; nehmen Sie den neuesten.
password-too-short = Das Passwort braucht mindestens zwölf Zeichen.

## Overview
figure-rooms = Räume
figure-online = jetzt verbunden
figure-waits = noch nicht auf dem Stand
figure-problems = ohne Konfiguration
sites = Standorte
site = Standort
waits = Ausstehend
problems = Probleme
no-rooms-yet = Noch kein Raum. Nehmen Sie das erste Gerät auf.
new-devices = Neue Geräte
nobody-waits = Kein Gerät wartet.
claim-a-device = Gerät aufnehmen
latest = Zuletzt geschehen
nothing-yet = Noch nichts.
whole-log = Ganzes Protokoll

## Rooms
count-rooms = { $count ->
    [one] Ein Raum
   *[other] { $count } Räume
}
none-found = Nichts gefunden.
as-csv = Als CSV
room = Raum
no-room = Ohne Raum
standing = Stand
connection = Verbindung
serial = Seriennummer
model = Modell
generation = Generation
last-seen = Zuletzt gesehen
online = verbunden
offline = nicht verbunden
only-in-use = in Betrieb
only-waits = ausstehend
only-problem = ohne Konfiguration
only-homeless = ohne Raum
only-revoked = ausgeschlossen
only-all = alle
standing-revoked = ausgeschlossen
standing-homeless = ohne Raum
standing-no-configuration = ohne Konfiguration
standing-rolled-back = zurückgenommen
standing-refused = abgelehnt
standing-waits = ausstehend
standing-fine = aktuell

## A room
state = Zustand
phase = Gerade
troubles = Störungen
no-troubles = keine
agent = Agent
device = Gerät
generation-of = { $generation } in Gebrauch, { $wanted } vorgesehen
phase-home = bereit
phase-joining = betritt eine Besprechung
phase-call = in einer Besprechung
phase-reconnecting = verbindet sich neu
phase-leaving = verlässt eine Besprechung
no-configuration-because = Noch keine Konfiguration:
rolled-back = Generation { $generation } wurde zurückgenommen, in Gebrauch ist { $to }.
refused = Generation { $generation } wurde abgelehnt.
why-document = Der Raum lehnte sie ab:
why-health = Damit ging etwas nicht mehr, das vorher ging:
why-cut-off = Der Server war damit nicht zu erreichen:
why-interrupted = Das Gerät ging beim Versuch zweimal aus:
help = Bedienfeld
help-hint = Die Menschen im Raum werden an ihrem Bedienfeld gefragt, mit Ihrem Namen. Nichts ist zu sehen, bevor dort jemand zustimmt. Sie sehen die ganze Zeit, dass Sie da sind, und können es beenden; nach zehn Minuten, oder wenn Sie gehen, endet es von selbst. PINs, Passwörter und Codes werden nie gezeigt.
help-ask-look = Bedienfeld sehen
help-ask-touch = Sehen und bedienen
help-go-on = Zum Bedienfeld
help-title = Bedienfeld von { $room }
help-panel = Das Bedienfeld des Raums
help-end = Beenden
help-back = Zurück zum Raum
help-hidden = Auf dem Bedienfeld steht gerade eine PIN, ein Passwort oder ein Code. Es ist wieder zu sehen, wenn die Menschen im Raum fertig sind.
help-targets = Was berührt werden kann
help-look-again = Noch einmal hinsehen
help-reconnects = Der Weg zum Server ist unterbrochen …
help-not-taken = Die Berührung wurde nicht angenommen.
help-asked = Die Menschen im Raum werden gefragt. Sie haben eine Minute.
help-allowed-look = Die Menschen im Raum haben zugestimmt: Das Bedienfeld ist zu sehen.
help-allowed-touch = Die Menschen im Raum haben zugestimmt: Das Bedienfeld ist zu sehen und zu bedienen.
help-end-refused = Die Menschen im Raum haben abgelehnt.
help-end-unanswered = Niemand im Raum hat binnen einer Minute geantwortet.
help-end-unwanted = Die Menschen im Raum haben vor weniger als fünf Minuten abgelehnt oder es beendet. Warten Sie, bevor Sie wieder fragen.
help-end-busy = Gerade sieht jemand anderes in den Raum oder fragt danach.
help-end-stopped = Die Menschen im Raum haben es beendet.
help-end-left = Beendet von der Person, die geholfen hat.
help-end-over = Die zehn Minuten sind um.
help-end-lost = Die Verbindung zum Raum ist abgerissen.
help-end-older = Die Version des Geräts kennt die Hilfe aus der Ferne nicht. Bringen Sie es erst auf einen neueren Stand.
room-log = Protokoll des Raums
room-log-hint = Das Gerät schickt seine neuesten Zeilen. Passwörter, Schlüssel, Namen und Adressen von Besprechungen nimmt es selbst heraus. Dass es gefragt wurde, steht im Protokoll der Flotte.
ask-for-log = Protokoll abrufen
room-log-waits = Am { $when } gefragt. Das Gerät antwortet gleich.
room-log-away = Am { $when } gefragt. Das Gerät ist nicht verbunden; es antwortet, wenn es binnen einer Stunde zurückkommt.
room-log-came = Am { $when } geschickt, aus { $from }. Es bleibt einen Tag.
room-log-journal = dem Journal des Systems
room-log-file = der Protokolldatei des Raums
room-log-empty = Dort steht nichts.
room-log-failed = Das Gerät kann sein Protokoll nicht lesen:
move = In einen anderen Raum
move-it = Umziehen
revoke = Gerät ausschließen
revoke-hint = Das Gerät wird sofort getrennt und kommt nicht zurück, bis jemand es zurücksetzt und neu aufnimmt.
revoke-it = Ausschließen
what-counts = Was hier gilt

## Configuration
key = Schlüssel
value = Wert
from = Kommt von
here = hier
locked = gesperrt
unset = Entfernen
a-secret = Geheimnis
no-values = Hier gilt noch nichts.
places-below = Orte darunter
set-a-key = Wert setzen
lock-below = für alles darunter sperren
see-what-changes = Vorschau
value-hint = Zahlen, true und false und Listen wie in der Konfigurationsdatei; alles andere ist Text.
rooms-would-change = { $count ->
    [0] Kein Raum würde sich ändern
    [one] Ein Raum würde sich ändern
   *[other] { $count } Räume würden sich ändern
}
rooms-without-configuration = { $count ->
    [one] Ein Raum davon hätte noch keine vollständige Konfiguration.
   *[other] { $count } Räume davon hätten noch keine vollständige Konfiguration.
}
and-more = { $count ->
    [one] und ein weiterer
   *[other] und { $count } weitere
}
before = Vorher
after = Nachher
apply = Übernehmen
leave-it = Verwerfen
overruled = { $key }: Was { $scope } sagt, gilt nicht, weil { $by } den Schlüssel gesperrt hat.

## Claiming
claim-hint = Ein neues Gerät zeigt acht Buchstaben. Ein Code gilt einen Tag.
code = Code auf dem Gerät
claim-replace = Das Gerät ausschließen, das dort ist oder diese Seriennummer hat
claim-room = Wo es steht
claim-it = Aufnehmen
since = Seit

## People
may = Darf
last-sign-in = Zuletzt angemeldet
not-yet-there = eingeladen
no-people = Noch niemand.
invite-somebody = Jemanden einladen
invite = Einladen
invite-anew = Neu einladen
invite-hint = Sie bekommen einen Link, den Sie weitergeben: Dort wählt die Person ihr Passwort und verbindet eine Authenticator-App. Der Link gilt sieben Tage.
invited = { $name } ist eingeladen
remove-somebody = { $name } entfernen?
remove-hint = Die Person wird sofort abgemeldet und kann nichts mehr tun. Was sie getan hat, bleibt im Protokoll.
link-hint = Dieser Link wird nur jetzt gezeigt:
link = Link
role = Rolle
role-viewer = Ansehen
role-operator = Betreiben
role-administrator = Verwalten

## Updates
updates = Updates
rollouts = Verteilungen
rollout = Verteilung
no-rollouts = Noch keine Verteilung.
release = Version
releases = Versionen
no-releases = Noch keine Version. saal-fleetctl release add bringt eine.
hardware = Hardware
bundle-missing = Paket fehlt
progress = Fortschritt
worse-off = Schlechter dran
done-of = { $done } von { $all }
begin-a-rollout = Verteilung beginnen
waves-hint = Erst ein Prozent für vier Stunden, dann zehn für einen Tag, sobald Sie es freigeben, dann alle. Andere Wellen: saal-fleetctl rollout start.
begin = Beginnen
rollout-running = läuft
rollout-approval = wartet auf Freigabe
rollout-paused = angehalten
rollout-stopped = beendet
rollout-done = fertig
let-in = Zugelassen
on-the-way = Unterwegs
have-it = Haben sie
update-failed = Fehlgeschlagen
lost = Nicht mehr gehört
not-well = Seitdem gestört
waves = Wellen
wave = Welle
watched-minutes = Beobachtet, Minuten
watched-since = Beobachtet seit
now = jetzt
with-approval = mit Freigabe
approve = Nächste Welle freigeben
resume = Fortsetzen
pause = Anhalten
stop = Beenden
stop-hint = Räume, die die Version noch nicht schreiben, tun es dann nicht. Was geschrieben ist, bleibt.
nobody-let-in = Noch kein Raum zugelassen.
step-none = noch nichts gehört
step-downloads = lädt, { $percent } %
update-fetched = { $mebibytes } MiB geladen
step-installs = installiert, { $percent } %
step-restarts = startet neu
step-tries = in Erprobung
step-done = hat sie
step-failed = fehlgeschlagen
waits-window = wartet auf sein Wartungsfenster
waits-meeting = wartet auf das Ende einer Besprechung
waits-meeting-soon = wartet, denn bald beginnt eine Besprechung
waits-configuration = wartet, denn er erprobt eine Konfiguration
waits-room = wartet, denn der Raum antwortet nicht
waits-network = wartet, denn das Paket kommt nicht
waits-called = angehalten
waits-distrust = steht in keiner unterschriebenen Liste

## Alarme
alerts = Alarme
alerts-open = Jetzt gestört
alerts-none = Nichts, wovon eine Regel handelt.
alert-rules = Wer es erfährt
alert-rule = Regel
alert-no-rules = Noch erfährt niemand, wenn etwas gestört ist.
alert-of = Wovon
alert-to = An wen
alert-delivery = Zustellung
alert-offline = Raum offline
alert-not-ready = Nicht bereit für die nächste Besprechung
alert-trouble = Störung im Raum
alert-rollout-stopped = Verteilung hat von selbst angehalten
alert-certificate = Zertifikat läuft bald ab
alert-root = Wurzel oder Liste der Versionen läuft bald ab
alert-unsigned = Anweisungen warten auf Unterschriften
alert-authority = Zertifizierungsstelle der Flotte läuft bald ab
alert-failures = { $count ->
    [one] nicht angenommen
   *[other] { $count }-mal nicht angenommen
}
alert-on-its-way = unterwegs
alert-delivered = zuletzt { $when }
alert-try = Probe senden
alert-test-sent = Die Probe von { $name } wurde angenommen.
alert-added = Die Regel ist angelegt
alert-secret = Geheimnis
alert-secret-hint = Dieses Geheimnis unterschreibt die Nachrichten. Es wird nur jetzt gezeigt:
alert-remove-hint = Über diese Regel erfährt niemand mehr etwas, auch nicht, was sie noch nicht zugestellt hat.
alert-add = Anlegen
alert-by-mail = Per E-Mail benachrichtigen
alert-by-matrix = In einem Matrix-Raum benachrichtigen
alert-by-webhook = Ein anderes System benachrichtigen
alert-after = Offline oder gestört seit Minuten
alert-pause = Minuten zwischen Nachrichten
alert-server = Mailserver
alert-security = Verschlüsselung
alert-user = Benutzer, falls verlangt
alert-from = Absender
alert-homeserver = Homeserver
alert-room = Raum
alert-token = Zugriffstoken
alert-matrix-hint = Wem das Token gehört, ist Mitglied des Raums, und der Raum ist nicht verschlüsselt.
alert-address = Adresse
alert-test = Probe der Regel { $name }
alert-test-text = Dies ist eine Probe der Regel { $name }. Es ist nichts gestört.
alert-began = Jetzt gestört:
alert-over = Vorbei:
alert-over-one = vorbei: { $what }
alert-since = seit { $when }
alert-count-began = { $count ->
    [one] eine neue Störung
   *[other] { $count } neue Störungen
}
alert-count-over = { $count ->
    [one] eine vorbei
   *[other] { $count } vorbei
}
alert-offline-there = { $count ->
    [one] { $place } ist offline
   *[other] { $place }: { $count } von { $of } Räumen sind offline
}
alert-not-ready-there = { $count ->
    [one] { $place } ist nicht bereit für die nächste Besprechung ({ $code })
   *[other] { $place }: { $count } von { $of } Räumen sind nicht bereit für die nächste Besprechung ({ $code })
}
alert-trouble-there = { $count ->
    [one] { $place } hat eine Störung ({ $code })
   *[other] { $place }: { $count } von { $of } Räumen haben eine Störung ({ $code })
}
alert-rollout-stopped-there = Verteilung { $name } hat von selbst angehalten
alert-certificate-there = { $count ->
    [one] das Zertifikat von { $place } läuft bald ab und wird nicht erneuert
   *[other] { $place }: die Zertifikate von { $count } von { $of } Räumen laufen bald ab und werden nicht erneuert
}
alert-root-there = die Wurzel dessen, was Räume glauben, gilt höchstens noch dreißig Tage: Machen Sie die nächste (Seite „Schlüssel“)
alert-list-there = die Liste der Versionen gilt höchstens noch dreißig Tage: Unterschreiben Sie die nächste (Seite „Schlüssel“)
alert-unsigned-there = Anweisungen warten auf Unterschriften (Seite „Schlüssel“)
alert-authority-there = die Zertifizierungsstelle der Flotte gilt höchstens noch dreißig Tage: Lassen Sie sie neu unterschreiben (saal-fleet authority request), sonst glauben Räume dem Server nicht mehr

## Audit log
audit-hint = Was wer wann getan hat. Nichts davon lässt sich ändern.
when = Wann
who = Wer
what = Was
everything = alles
program = Programm { $name }
device-named = Gerät { $name }
the-server = Server
act-setting-set = Wert gesetzt
act-setting-unset = Wert entfernt
act-secret-set = Geheimnis gesetzt
act-secret-removed = Geheimnis entfernt
act-token-issued = Aufnahme-Token ausgestellt
act-token-removed = Aufnahme-Token entfernt
act-serial-expected = Seriennummer erwartet
act-device-enrolled = Gerät kam dazu
act-device-claimed = Gerät aufgenommen
act-device-moved = Gerät umgezogen
act-device-revoked = Gerät ausgeschlossen
act-log-asked = Protokoll abgerufen
act-help-asked = nach dem Bedienfeld gefragt
act-help-allowed = Hilfe aus der Ferne erlaubt
act-help-refused = Hilfe aus der Ferne nicht begonnen
act-help-touched = begonnen, das Bedienfeld zu bedienen
act-help-ended = Hilfe aus der Ferne beendet
act-order-rolled-back = Konfiguration zurückgenommen
act-order-refused = Konfiguration abgelehnt
act-release-added = Version hinzugefügt
act-release-removed = Version entfernt
act-rollout-started = Verteilung begonnen
act-rollout-advanced = nächste Welle einer Verteilung begonnen
act-rollout-approved = nächste Welle einer Verteilung freigegeben
act-rollout-paused = Verteilung angehalten
act-rollout-resumed = Verteilung fortgesetzt
act-rollout-stopped = Verteilung beendet
act-rollout-finished = Verteilung abgeschlossen
act-update-failed = Update fehlgeschlagen
act-root-published = neue Wurzel der Schlüssel in Kraft gesetzt
act-authority-installed = neue Kette von Zertifizierungsstellen in Kraft gesetzt
act-releases-signed = Liste der Versionen unterschrieben
act-orders-signed = Aufträge unterschrieben
act-device-distrusts = Gerät glaubt etwas nicht
act-access-granted = Programm zugelassen
act-access-removed = Programm ausgeschlossen
act-person-invited = Person eingeladen
act-person-changed = Rechte geändert
act-person-removed = Person entfernt
act-person-welcomed = Konto eingerichtet
act-signed-in = angemeldet
act-sign-in-failed = Anmeldung fehlgeschlagen
act-signed-out = abgemeldet
act-webhook-added = Webhook hinzugefügt
act-webhook-removed = Webhook entfernt
act-alert-rule-added = Alarmregel hinzugefügt
act-alert-rule-removed = Alarmregel entfernt

## Why something was not done
error-no-such-code = Mit diesem Code wartet kein Gerät. Sehen Sie noch einmal auf sein Panel; ein Code gilt einen Tag.
error-taken = { $what } gehört schon dem Gerät { $device }.
error-not-found = Das gibt es hier nicht: { $what }
error-not-a-room = { $place } ist kein Raum. Ein Raum heißt Standort/Gruppe/Raum.
error-not-so = So geht es nicht: { $detail }
error-locked = { $key } ist gesperrt, und zwar hier: { $by }
error-breaks = { $room } stünde damit ohne Konfiguration da: { $detail }
error-exists = Das gibt es schon: { $what }
error-in-use = { $what } lässt sich nicht entfernen, solange es hier gebraucht wird: { $by }
error-overlaps = Dort läuft schon die Verteilung { $rollout }. Beenden Sie diese, oder warten Sie ihr Ende ab.
error-unsigned = Die Version { $release } steht in keiner Liste, die mit den Schlüsseln dieser Verwaltung unterschrieben ist. Die Seite „Schlüssel“ sagt, was fehlt.
error-trust = Das gilt nicht: { $detail }
error-rollout = Bei dieser Verteilung geht das gerade nicht: { $detail }
error-bundle = Das ist kein Bündel, das sich verteilen lässt: { $detail }
error-last-administrator = Sonst verwaltet niemand die gesamte Organisation. Geben Sie diese Rolle erst jemand anderem.
error-forbidden = Dafür braucht es die Rolle „{ $role }“.
error-forbidden-there = Dafür braucht es die Rolle „{ $role }“ für { $place }.
error-unauthorised = Melden Sie sich an.
error-help-away = Der Raum ist nicht verbunden.
error-help-helped = { $name } hilft diesem Raum schon oder hat danach gefragt. Es hilft immer nur eine Person.
error-help-not-allowed = Die Menschen im Raum haben das nicht erlaubt. Fragen Sie sie zuerst.
error-help-too-fast = Ein Bedienfeld nimmt fünf Berührungen in der Sekunde. Warten Sie einen Augenblick.
error-not-delivered = Die Nachricht wurde nicht angenommen: { $detail }
error-provider = Niemand ist angemeldet: { $detail }
error-no-role = Dort sind Sie angemeldet, hier dürfen Sie nichts. Fragen Sie, wer diese Räume verwaltet.
error-stopping = Der Server wird gerade beendet. Versuchen Sie es gleich noch einmal.
error-failed = Im Server ging etwas schief, geändert hat sich nichts. Für das Protokoll: { $detail }

keys = Schlüssel
keys-hint = Wer in dieser Verwaltung was unterschreiben darf. Geräte glauben nur, was diese Schlüssel unterschrieben haben.
keys-root = Wurzel
keys-root-version = Wurzel { $version }
keys-fingerprint = Fingerabdruck
keys-until = gut bis
keys-role = Wofür
keys-needed = Nötig
keys-keys = Schlüssel
keys-of-all = { $threshold } von { $all }
keys-this-server = dieser Server
keys-role-root = die nächste Wurzel
keys-role-targets = die Liste der Versionen
keys-role-configuration = Einstellungen der Räume
keys-own-root = Die Wurzel ist der Schlüssel dieses Servers: Wer den Server hat, kann ändern, wer unterschreibt. Zwei Personen mit eigenen Schlüsseln können das übernehmen; docs/keys.md sagt, wie.
keys-root-over = Die Wurzel war gut bis { $until }. Räume arbeiten weiter; es beginnt kein Update, bis es die nächste gibt.
keys-list-over = Die Liste der Versionen war gut bis { $until }. Es beginnt kein Update, bis eine neue unterschrieben ist.
keys-list-invalid = Die Liste der Versionen ist mit Schlüsseln unterschrieben, die nicht mehr gelten.
keys-list = Liste der Versionen
keys-list-version = Liste { $version }
keys-no-list = Noch keine.
keys-unlisted = Nicht in der Liste, von keinem Gerät angenommen: { $releases }
keys-waiting = { $count ->
    [one] Ein Auftrag wartet auf eine Unterschrift.
   *[other] { $count } Aufträge warten auf eine Unterschrift.
}
keys-devices = Geräte
keys-devices-count = Anzahl
keys-devices-silent = sagt nichts (ältere Software)
keys-doubts = { $count ->
    [one] Ein Gerät glaubt etwas nicht, das ihm gesagt wurde.
   *[other] { $count } Geräte glauben etwas nicht, das ihnen gesagt wurde.
}
doubt-malformed = Das Gerät versteht nicht, was ihm zu den Schlüsseln gesagt wurde.
doubt-signatures = Das Gerät glaubt etwas nicht, weil zu wenige der nötigen Schlüssel es unterschrieben haben.
doubt-gap = Dem Gerät fehlt eine Wurzel zwischen der, die es kennt, und der, die ihm gezeigt wurde.
doubt-older = Dem Gerät wurde etwas gezeigt, das älter ist, als was es kennt.
doubt-other-fleet = Dem Gerät wurde etwas anderes gezeigt, als es unter dieser Nummer kennt: eine andere Verwaltung, oder eine zurückgesetzte.
doubt-order = Das Gerät glaubt seine Einstellungen nicht: Kein gültiger Schlüssel hat sie unterschrieben. Es bleibt bei denen, die es hat.
doubt-unlisted = Das Gerät nimmt das Update nicht: Die Version steht nicht in der unterschriebenen Liste.
doubt-expired = Das Gerät beginnt das Update nicht: Wurzel oder Liste sind abgelaufen, oder seine Uhr geht falsch.
