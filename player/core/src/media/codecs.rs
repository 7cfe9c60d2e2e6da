//! Which of a room's ladders of the same picture a page takes: one codec, because a MediaSource is opened for one. What plays on
//! this device the shell asks the browser; whether a picture truly came, the player watches.

use hawker_wire::proto::Rendition;

/// Codecs that a page asks about before it takes them, best first: the same picture for fewer bits. H.264, which plays everywhere,
/// is taken without a question.
pub const ASKED: [&str; 2] = ["av01", "hvc1"];

/// So many letters are a codec and its profile: `hvc1.2`.
const PROFILE: usize = 6;

/// The codec of the picture, if it has to be asked about.
#[must_use]
pub fn asked(codecs: &str) -> Option<&'static str> {
    ASKED.into_iter().find(|name| codecs.starts_with(name))
}

/// Codec and profile, as far as the string of the codecs says: a device that shows no H.265 of ten bits may well show it of eight.
#[must_use]
pub fn profile(codecs: &str) -> &str {
    codecs.get(..PROFILE).unwrap_or_default()
}

/// Leaves the ladder of the best codec that plays here, without what of it does not. `false`: some answer is still missing, and
/// nothing was left out. `plays` knows, of one rendition, or does not know yet.
///
/// A device that carries a codec, but not the best rendition in it, takes it from the first that it carries, as long as that is no
/// smaller than what there is in H.264. A room that has nothing that plays stays as it is: an attempt is better than nothing.
#[must_use]
pub fn keep(renditions: &mut Vec<Rendition>, plays: impl Fn(&Rendition) -> Option<bool>) -> bool {
    let plain = renditions.iter().find(|one| asked(&one.codecs).is_none()).map_or(0, |one| one.height);
    // All at once: a browser that does not answer is waited for once.
    for one in renditions.iter().filter(|one| asked(&one.codecs).is_some()) {
        plays(one);
    }
    let mut left = (None, 0);
    'asking: for codec in ASKED {
        let ladder = renditions.iter().enumerate().filter(|(_, one)| asked(&one.codecs) == Some(codec));
        for (lower, (at, one)) in ladder.enumerate() {
            if lower > 0 && one.height < plain {
                break;
            }
            match plays(one) {
                None => return false,
                Some(false) => {}
                Some(true) => {
                    left = (Some(codec), at);
                    break 'asking;
                }
            }
        }
    }
    let fits = |at: usize, one: &Rendition| at >= left.1 && asked(&one.codecs) == left.0;
    if renditions.iter().enumerate().any(|(at, one)| fits(at, one)) {
        let mut at = 0..;
        renditions.retain(|one| at.next().is_some_and(|at| fits(at, one)));
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is left of renditions, `codecs@lines` each, where these play and of those is not known yet whether they do.
    fn kept(of: &str, plays: &str, unknown: &str) -> Option<String> {
        let one = |text: &str| {
            let (codecs, lines) = text.split_once('@').expect("codecs@lines");
            Rendition {
                name: text.into(),
                codecs: codecs.into(),
                height: lines.parse().expect("lines"),
                ..Rendition::default()
            }
        };
        let mut renditions: Vec<_> = of.split_whitespace().map(one).collect();
        let among = |list: &str, name: &str| list.split_whitespace().any(|start| name.starts_with(start));
        let known =
            keep(&mut renditions, |one| (!among(unknown, &one.name)).then(|| among(plays, &one.name)));
        let names: Vec<_> = renditions.iter().map(|one| one.name.as_str()).collect();
        known.then(|| names.join(" "))
    }

    #[test]
    fn the_best_that_plays_is_taken_and_an_answer_waited_for() {
        let all = "hvc1@1080 av01@1080 avc1@1080 hvc1@540 avc1@540";
        let left = |plays, unknown| kept(all, plays, unknown);
        assert_eq!(left("av01", "hvc1").as_deref(), Some("av01@1080"));
        assert_eq!(left("hvc1", "").as_deref(), Some("hvc1@1080 hvc1@540"));
        assert_eq!(left("", "").as_deref(), Some("avc1@1080 avc1@540"));
        assert_eq!((left("hvc1", "av01"), left("", "hvc1")), (None, None));
        assert_eq!(kept("avc1@1080", "", "avc1").as_deref(), Some("avc1@1080"), "nothing to ask");
        assert_eq!(
            kept("hvc1@1080", "", "").as_deref(),
            Some("hvc1@1080"),
            "an attempt is better than nothing"
        );
    }

    #[test]
    fn a_ladder_whose_best_does_not_play_is_taken_from_the_first_that_does() {
        let all = "hvc1@2160 hvc1@1080 avc1@1080 hvc1@720 avc1@720";
        assert_eq!(kept(all, "hvc1@1080", "").as_deref(), Some("hvc1@1080 hvc1@720"));
        assert_eq!(kept(all, "hvc1@1080", "hvc1@2160"), None);
        assert_eq!(kept(all, "hvc1@7", "").as_deref(), Some("avc1@1080 avc1@720"), "smaller than in H.264");
        assert_eq!(kept("hvc1@2160 hvc1@720", "hvc1@7", "").as_deref(), Some("hvc1@720"));
    }
}
