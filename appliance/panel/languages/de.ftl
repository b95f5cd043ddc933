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

## What is wrong, and what to do.
trouble-more = { $count ->
    [one] und ein weiterer Hinweis
   *[other] und { $count } weitere Hinweise
}
dismiss = Verstanden
trouble-signed-out = Der Raum ist abgemeldet
trouble-signed-out-advice = { $server } nimmt die Anmeldung des Raums nicht mehr an. Bitte geben Sie der IT Bescheid.
trouble-unreachable = Keine Verbindung zum Server
trouble-unreachable-advice = { $server } antwortet nicht. Der Raum versucht es weiter. Steckt das Netzwerkkabel?
trouble-engine = Bild und Ton fallen aus
trouble-engine-advice = Der Raum versucht es weiter. Bleibt es dabei, geben Sie bitte der IT Bescheid.
trouble-store-full = Der Speicher des Raums ist voll
trouble-store = Der Speicher des Raums macht Fehler
trouble-store-advice = Besprechungen gehen weiter, aber Neues wird nicht behalten. Bitte geben Sie der IT Bescheid: { $path }
trouble-join = { $title }: Beitritt nicht möglich
trouble-join-removed = { $title }: Der Raum wurde entfernt
trouble-join-removed-advice = Jemand mit Moderationsrecht hat den Raum aus der Besprechung genommen.
trouble-join-not-allowed-advice = Der Raum darf nicht teilnehmen. Bitten Sie die einladende Person, ihn wieder einzuladen.
trouble-join-failed-advice = Der Dienst für die Besprechung hat nicht funktioniert. Versuchen Sie es noch einmal.
trouble-join-over-advice = Die Besprechung ist zu Ende.
trouble-join-removed-because = Jemand mit Moderationsrecht hat den Raum aus der Besprechung genommen: „{ $message }“
trouble-join-refused-advice = Der Dienst für die Besprechung meldet: „{ $message }“
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
   *[loudspeaker] Kein Lautsprecher gefunden
}
trouble-device-missing-advice = „{ $name }“ ist nicht angeschlossen. { $device ->
    [camera] Die anderen sehen den Raum nicht.
    [microphone] Die anderen hören den Raum nicht.
   *[loudspeaker] Im Raum ist nichts zu hören.
} Prüfen Sie das Kabel.
trouble-device-busy = { $device ->
    [camera] Die Kamera ist belegt
    [microphone] Das Mikrofon ist belegt
   *[loudspeaker] Der Lautsprecher ist belegt
}
trouble-device-busy-advice = Ein anderes Programm benutzt „{ $name }“. Beenden Sie es, dann geht es hier weiter.
trouble-device-failed = { $device ->
    [camera] Die Kamera macht Fehler
    [microphone] Das Mikrofon macht Fehler
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
