//! Asks the browser which of a room's codecs it plays, and keeps the room's state until it has answered.

use super::Shell;
use hawker_player_core::media::codecs;
use hawker_player_core::media::player::Input;

impl Shell {
    /// Goes on with the state of the room, if all that has to be known of its codecs is.
    pub(crate) fn choose(&self) {
        let Some(mut stream) = self.undecided.take() else { return };
        let known = codecs::keep(&mut stream.renditions, |one| {
            let fps = f64::from(one.frame_rate_milli) / 1e3;
            let profile = codecs::profile(&one.codecs);
            match self.port.plays(profile, &one.codecs, one.width, one.height, one.average_bps, fps) {
                -1 => None,
                verdict => Some(verdict != 0),
            }
        });
        if known {
            self.input(Input::Stream(Some(stream)));
        } else {
            self.undecided.replace(Some(stream));
        }
    }
}
