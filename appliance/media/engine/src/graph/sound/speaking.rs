//! The panel's words in the mix of what is heard in the room.

use gstreamer::{self as gst, prelude::*};

use super::{
    super::{
        GraphError, Part, chain,
        encoder::live_input,
        make,
        speech::{self, Words},
    },
    Ringer, Sound,
    elements::{level, raw_caps, voice_caps},
};

impl Sound {
    /// Says this to the people in the room.
    ///
    /// # Errors
    /// When there is no sound for it; everything else goes on.
    pub fn speak(
        &mut self,
        rate: u32,
        samples: &[i16],
        interrupts: bool,
    ) -> Result<(), GraphError> {
        let fits = |(words, _): &(Words, Ringer)| words.rate() == rate;
        if !self.speech.as_ref().is_some_and(fits) {
            self.end_speech();
            self.speech = Some(self.add_speech(rate)?);
        }
        if let Some((words, _)) = &self.speech {
            words.add(samples, interrupts);
        }
        Ok(())
    }

    /// Says nothing more.
    pub fn end_speech(&mut self) {
        if let Some((_, speech)) = self.speech.take() {
            self.dismantle(&speech.bin, Some(&speech.pad));
        }
    }

    fn add_speech(&mut self, rate: u32) -> Result<(Words, Ringer), GraphError> {
        let part = Part::Loudspeaker;
        let bin = gst::Bin::with_name("speech");
        let (input, level) = (live_input(10), level()?);
        input.set_caps(Some(&voice_caps(rate)));
        let (convert, resample, format) = (
            make("audioconvert")?,
            make("audioresample")?,
            make("capsfilter")?,
        );
        format.set_property("caps", raw_caps());
        let elements = [input.upcast_ref(), &convert, &resample, &format, &level];
        chain(&bin, part.clone(), &elements)?;
        let pad = self.mix(&bin, &level, &part)?;
        let words = Words::new(rate);
        let ticker = speech::start(&self.graph, &input, &words).map_err(|error| {
            tracing::error!(%error, "no sound for words");
            self.dismantle(&bin, Some(&pad));
            GraphError::Start { part }
        })?;
        let ringer = Ringer {
            bin,
            pad,
            _ticker: ticker,
        };
        Ok((words, ringer))
    }
}
