//! What `connect` says of Enhanced RTMP, in both directions (Veovera, "Enhanced RTMP v2", Enhancing NetConnection connect Command).
//! The headers of media messages are in `flv/enhanced.rs`.

use super::amf0::Value;

/// FourCCs of pictures and of sounds that are taken.
const VIDEO: [&str; 3] = ["avc1", "hvc1", "av01"];
const AUDIO: [&str; 2] = ["mp4a", "Opus"];
/// FourCcInfoMask: can forward. Nothing is decoded or encoded.
const CAN_FORWARD: f64 = 4.0;
/// CapsExMask: several tracks in a message, modifiers. No reconnect request, no nanoseconds.
const CAPS: f64 = 6.0;

/// The properties of the command object, and of the answer to it.
pub(super) fn capabilities() -> Vec<(String, Value)> {
    let map = |names: &[&str]| {
        Value::Object(names.iter().map(|name| ((*name).to_owned(), Value::Number(CAN_FORWARD))).collect())
    };
    let list = VIDEO.iter().chain(&AUDIO).map(|name| Value::from(*name)).collect();
    vec![
        ("fourCcList".to_owned(), Value::StrictArray(list)),
        ("videoFourCcInfoMap".to_owned(), map(&VIDEO)),
        ("audioFourCcInfoMap".to_owned(), map(&AUDIO)),
        ("capsEx".to_owned(), Value::Number(CAPS)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every codec of the list is in one of the maps, and the other way round: clients read either.
    #[test]
    fn the_list_and_the_maps_agree() {
        let said = Value::Object(capabilities());
        let Some(Value::StrictArray(list)) = said.get("fourCcList") else { panic!("{said:?}") };
        let mut listed: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
        let mut mapped = Vec::new();
        for map in ["videoFourCcInfoMap", "audioFourCcInfoMap"] {
            let Some(Value::Object(fields)) = said.get(map) else { panic!("{said:?}") };
            mapped.extend(fields.iter().map(|(name, _)| name.as_str()));
        }
        listed.sort_unstable();
        mapped.sort_unstable();
        assert_eq!(listed, mapped);
        assert_eq!(listed, ["Opus", "av01", "avc1", "hvc1", "mp4a"]);
    }
}
