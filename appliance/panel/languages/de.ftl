# German. Every message of src/language.rs stands here, and nothing else (a test).

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
join = Teilnehmen
joinable-from = Beitritt ab { $time }
and-more = { $count ->
    [one] und eine weitere
   *[other] und { $count } weitere
}
untitled = Ohne Titel
nothing-more = Der Raum ist frei
nothing-more-hint = Es stehen keine Besprechungen an. Laden Sie den Raum zu einer Besprechung ein, dann erscheint sie hier.
starting = Der Raum wird eingerichtet
starting-hint = Das dauert nur einen Augenblick.

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
laptop-share = Laptop zeigen
laptop-other = Anderer Laptop
laptop-stop = Laptop beenden
laptop-shown = Ein Laptop ist auf dem Fernseher
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
sign-in-hint = Scannen Sie den Code mit einem Telefon, oder öffnen Sie diese Adresse und geben Sie den Code ein:
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
sign-in-needed-advice = Die IT kann ihn hier bei { $server } anmelden, mit einem Telefon oder einem Computer.
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
trouble-call-not-saved = Das Gespräch kann nicht gemerkt werden
trouble-call-not-saved-advice = Nach einem Neustart müssten Sie selbst wieder teilnehmen. Bitte geben Sie der IT Bescheid: { $path }
trouble-config = Die neue Einstellung wurde abgelehnt
trouble-config-advice = Die bisherige gilt weiter. { $problem }
trouble-calendar = { $count ->
    [one] Ein Termin ist unlesbar
   *[other] { $count } Termine sind unlesbar
}
trouble-calendar-advice = Betroffen: { $place }. Bitten Sie die einladende Person, den Termin neu anzulegen.
