//! Which of a room's ladders of the same picture a page takes: one codec, because a MediaSource is opened for one. What plays on
//! this device the shell asks the browser; whether a picture truly came, the player watches.

use hawker_wire::proto::Rendition;

/// Codecs that a page asks about before it takes them, best first: the same picture for fewer bits. H.264, which plays everywhere,
/// is taken without a question.
pub const ASKED: [&str; 2] = ["av01", "hvc1"];

/// The codec of the picture, if it has to be asked about.
#[must_use]
pub fn asked(codecs: &str) -> Option<&'static str> {
    ASKED.into_iter().find(|name| codecs.starts_with(name))
}

/// The best codec of a room that plays here, itself `None` for what is not asked about; `None`: some answer is still missing.
/// `plays` knows, for the first rendition in a codec, or does not know yet.
pub fn best(
    renditions: &[Rendition],
    plays: impl Fn(&Rendition) -> Option<bool>,
) -> Option<Option<&'static str>> {
    for codec in ASKED {
        if let Some(first) = renditions.iter().find(|one| asked(&one.codecs) == Some(codec))
            && plays(first)?
        {
            return Some(Some(codec));
        }
    }
    Some(None)
}

/// Leaves the ladder of one codec, `None` being what is not asked about. A room that has nothing of it stays as it is: an attempt
/// is better than nothing.
pub fn keep(renditions: &mut Vec<Rendition>, codec: Option<&str>) {
    let fits = |rendition: &Rendition| asked(&rendition.codecs) == codec;
    if renditions.iter().any(fits) {
        renditions.retain(fits);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(of: &str, codec: Option<&str>) -> String {
        let of =
            of.split_whitespace().map(|codecs| Rendition { codecs: codecs.into(), ..Rendition::default() });
        let mut renditions: Vec<_> = of.collect();
        keep(&mut renditions, codec);
        renditions.iter().map(|one| one.codecs.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_best_that_plays_is_taken_and_an_answer_waited_for() {
        let of = |codecs: &str| Rendition { codecs: codecs.into(), ..Rendition::default() };
        let all = ["avc1.64001f", "hvc1.1.6.L93.90", "av01.0.04M.08"].map(of);
        let says = |av1, hevc| best(&all, |one| if one.codecs.starts_with("av01") { av1 } else { hevc });
        assert_eq!(says(Some(true), None), Some(Some("av01")));
        assert_eq!(says(Some(false), Some(true)), Some(Some("hvc1")));
        assert_eq!(says(Some(false), Some(false)), Some(None));
        assert_eq!((says(None, Some(true)), says(Some(false), None)), (None, None));
        assert_eq!(best(&all[..1], |_| None), Some(None), "nothing to ask");
    }

    #[test]
    fn one_ladder_is_left() {
        let all = "avc1.64001f,mp4a.40.2 hvc1.1.6.L93.90,opus av01.0.04M.08 avc1.64000d";
        assert_eq!(kept(all, None), "avc1.64001f,mp4a.40.2 avc1.64000d");
        assert_eq!(kept(all, Some("hvc1")), "hvc1.1.6.L93.90,opus");
        assert_eq!(kept(all, Some("av01")), "av01.0.04M.08");
        assert_eq!(kept("hvc1.1.6.L93.90", None), "hvc1.1.6.L93.90", "an attempt is better than nothing");
    }
}
