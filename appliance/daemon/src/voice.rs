//! The spoken panel's voice: espeak-ng makes sound of words, the engine plays it (ADR 0034).

use std::{collections::VecDeque, process::Stdio, time::Duration};

use anyhow::{Context, Result, bail};
use base64::{Engine, prelude::BASE64_STANDARD};
use saal_core::Event;
use saal_media_protocol::MediaCommand;
use saal_panel::{Priority, Utterance};
use tokio::{
    io::AsyncWriteExt,
    process::Command,
    sync::mpsc::{self, UnboundedReceiver},
    time::{sleep, timeout},
};

use crate::input::{Input, Inputs};

/// The program that makes sound of words (<https://github.com/espeak-ng/espeak-ng>).
const ESPEAK: &str = "espeak-ng";
/// A program that speaks takes milliseconds for a sentence; after so long it hangs.
const PATIENCE: Duration = Duration::from_secs(10);
/// After so long without a word, the loudspeaker need not stay open.
const REST: Duration = Duration::from_secs(20);
/// More is read to its end by nobody.
const MOST_CHARACTERS: usize = 1_000;

/// Says what it is told, one thing after the other.
#[derive(Clone, Debug)]
pub(crate) struct Voice(mpsc::UnboundedSender<Utterance>);

impl Voice {
    pub(crate) fn start(inputs: &Inputs) -> Self {
        let (voice, words) = mpsc::unbounded_channel();
        tokio::spawn(speak(ESPEAK, words, inputs.clone()));
        Self(voice)
    }

    pub(crate) fn say(&self, utterance: Utterance) {
        let _ = self.0.send(utterance);
    }
}

/// What waits to be said.
struct Queue {
    words: UnboundedReceiver<Utterance>,
    waiting: VecDeque<Utterance>,
}

impl Queue {
    /// The next utterance; `None`: the daemon goes down.
    async fn next(&mut self, inputs: &Inputs) -> Option<Utterance> {
        if let Some(utterance) = self.waiting.pop_front() {
            return Some(utterance);
        }
        match timeout(REST, self.words.recv()).await {
            Ok(next) => next,
            Err(_) => {
                inputs.send(Input::Voice(MediaCommand::EndSpeech {}));
                self.words.recv().await
            }
        }
    }

    /// Waits until what is being said ends, or something comes that matters more.
    async fn wait(&mut self, length: Duration) {
        let end = sleep(length);
        tokio::pin!(end);
        loop {
            tokio::select! {
                () = &mut end => return,
                next = self.words.recv() => match next {
                    None => return,
                    Some(urgent) if urgent.priority == Priority::Assertive => {
                        self.waiting.clear();
                        self.waiting.push_back(urgent);
                        return;
                    }
                    Some(patient) => self.waiting.push_back(patient),
                },
            }
        }
    }
}

async fn speak(program: &str, words: UnboundedReceiver<Utterance>, inputs: Inputs) {
    let mut queue = Queue {
        words,
        waiting: VecDeque::new(),
    };
    // Said once, not with each word.
    let mut works = None;
    let mut told = |now: bool| {
        let news = works.replace(now) != Some(now);
        if news {
            inputs.send(Input::Room(Event::Voice { works: now }));
        }
        news
    };
    while let Some(utterance) = queue.next(&inputs).await {
        match timeout(PATIENCE, voiced(program, &utterance)).await {
            Ok(Ok(sound)) => {
                told(true);
                let length = sound.length();
                for command in sound.commands(utterance.priority == Priority::Assertive) {
                    inputs.send(Input::Voice(command));
                }
                queue.wait(length).await;
            }
            Ok(Err(error)) => {
                if told(false) {
                    tracing::error!("the panel can't speak: {error:#}");
                }
            }
            Err(_) => {
                if told(false) {
                    tracing::error!("the panel can't speak: espeak-ng does not answer");
                }
            }
        }
    }
}

/// Words as sound of one channel.
#[derive(Debug, PartialEq, Eq)]
struct Sound {
    rate: u32,
    /// Signed, 16 bits, little-endian.
    samples: Vec<u8>,
}

impl Sound {
    fn length(&self) -> Duration {
        let samples = u32::try_from(self.samples.len() / 2).unwrap_or(u32::MAX);
        Duration::from_secs(1) * samples / self.rate
    }

    /// A second at a time, so that no line to the engine is long.
    fn commands(&self, interrupts: bool) -> impl Iterator<Item = MediaCommand> {
        let pieces = self.samples.chunks(self.rate as usize * 2).enumerate();
        pieces.map(move |(number, samples)| MediaCommand::Speak {
            rate: self.rate,
            samples: BASE64_STANDARD.encode(samples),
            interrupts: interrupts && number == 0,
        })
    }
}

async fn voiced(program: &str, utterance: &Utterance) -> Result<Sound> {
    let mut program = Command::new(program)
        .args(["-v", &utterance.voice, "--stdin", "--stdout"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .context("espeak-ng does not start; is the package installed?")?;
    let mut input = program.stdin.take().context("it has no input")?;
    input
        .write_all(readable(&utterance.text).as_bytes())
        .await?;
    drop(input);
    let output = program.wait_with_output().await?;
    if !output.status.success() {
        bail!("espeak-ng ended with {}", output.status);
    }
    sound_of(&output.stdout).context("espeak-ng made no WAV file")
}

/// Without what espeak-ng takes for phonemes, and not longer than people listen.
fn readable(text: &str) -> String {
    let text = text.replace("[[", "[").replace("]]", "]");
    text.chars().take(MOST_CHARACTERS).collect::<String>() + "\n"
}

/// The samples of a WAV file of one channel and 16 bits. On a pipe nobody knows its length when it begins, so that it
/// ends where the bytes end.
fn sound_of(wav: &[u8]) -> Option<Sound> {
    let rest = wav.strip_prefix(b"RIFF")?.get(4..)?.strip_prefix(b"WAVE")?;
    let (mut rest, mut rate) = (rest, None);
    loop {
        let (name, after) = rest.split_at_checked(4)?;
        let (length, body) = after.split_first_chunk::<4>()?;
        if name == b"data" {
            let samples = body[..body.len() & !1].to_vec();
            return rate
                .filter(|rate| *rate > 0)
                .map(|rate| Sound { rate, samples });
        }
        if name == b"fmt " {
            let at = |from: usize| Some(u16::from_le_bytes(*body.get(from..)?.first_chunk()?));
            let plain = (at(0)?, at(2)?, at(14)?) == (1, 1, 16);
            let hertz = body.get(4..)?.first_chunk::<4>()?;
            rate = plain.then(|| u32::from_le_bytes(*hertz));
        }
        rest = body.get(usize::try_from(u32::from_le_bytes(*length)).ok()?..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wav(rate: u32, samples: &[u8]) -> Vec<u8> {
        let mut wav = b"RIFF\xff\xff\xff\x7fWAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
        wav.extend(rate.to_le_bytes());
        wav.extend((rate * 2).to_le_bytes());
        wav.extend(b"\x02\0\x10\0data\xff\xff\xff\x7f");
        wav.extend(samples);
        wav
    }

    #[test]
    fn a_wav_file_of_unknown_length_is_read_to_its_end() {
        let sound = sound_of(&wav(22_050, &[1, 2, 3, 4])).unwrap();
        assert_eq!((sound.rate, sound.samples.len()), (22_050, 4));
        assert_eq!(sound_of(&wav(22_050, &[1, 2, 3])).unwrap().samples, [1, 2]);
        assert_eq!(sound_of(b"RIFF"), None);
        assert_eq!(sound_of(&wav(0, &[1, 2])), None);
    }

    #[test]
    fn only_the_first_second_interrupts() {
        let sound = Sound {
            rate: 100,
            samples: vec![0; 450],
        };
        assert_eq!(sound.length(), Duration::from_millis(2_250));
        let first = sound.commands(true).map(|command| match command {
            MediaCommand::Speak { interrupts, .. } => interrupts,
            _ => false,
        });
        assert_eq!(first.collect::<Vec<_>>(), [true, false, false]);
    }

    #[tokio::test]
    async fn a_panel_without_its_voice_says_so_once() {
        let (inputs, mut told) = Inputs::channel();
        let (voice, words) = mpsc::unbounded_channel();
        for text in ["Start", "Mikrofon"] {
            let utterance = Utterance {
                text: text.to_owned(),
                voice: "de".to_owned(),
                priority: Priority::Polite,
                element: None,
            };
            voice.send(utterance).unwrap();
        }
        drop(voice);
        speak("no-such-program-that-speaks", words, inputs).await;
        let works = std::iter::from_fn(|| told.try_recv().ok()).map(|input| match input {
            Input::Room(Event::Voice { works }) => works,
            other => panic!("{other:?}"),
        });
        assert_eq!(works.collect::<Vec<_>>(), [false]);
    }

    #[test]
    fn what_a_meeting_is_called_is_no_command() {
        assert_eq!(readable("a [[b]] c"), "a [b] c\n");
    }
}
