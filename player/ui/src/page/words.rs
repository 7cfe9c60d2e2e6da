//! Everything the interface says, in Chinese and English. Text only; what viewers type never passes here.

/// The words of one language, a line each: with a table of their places they would weigh a tenth more. `{}` stands for a value:
/// see [`fill`].
#[derive(Clone, Copy)]
pub(crate) struct Words(pub(super) &'static str);

/// Gives each line its name, in this order.
macro_rules! words {
    ($($word:ident)+) => {
        /// The numbers of the lines.
        #[expect(non_camel_case_types, reason = "named as the words are")]
        pub(super) enum Line {
            $($word,)+
        }

        /// How many there are.
        pub(super) const LINES: usize = [$(stringify!($word)),+].len();

        impl Words {
            $(
                pub(crate) fn $word(self) -> &'static str {
                    self.line(Line::$word as usize)
                }
            )+
        }
    };
}

// `lang` is for `Intl`.
words! {
    lang live go_live play pause mute unmute tap_for_sound
    volume quality auto full_screen expand shrink close online
    connecting stalled offline offline_hint ended ended_hint unsupported unsupported_hint
    no_room no_room_hint unreachable unreachable_hint failed failed_hint stats latency
    buffer bandwidth stalls dropped speed_now danmaku danmaku_settings opacity
    area size speed overlap reduced_motion chat goods no_messages
    no_goods no_goods_hint say send newer like you host
    operator name_title name_label name_hint name_save change_name room_lost room_refused
    token_refused retry omitted too_fast too_long blocked muted_you not_sent
    showing flash ends_in begins_in flash_at buy soon sold_out
    asking left limit held pay give_back giving_back paid
    paid_thanks refund_due refunded expired given_back orders somebody someone_bought
    not_started is_sold_out limit_reached limit_left sale_ended price_changed unknown_product token_required
    try_again unavailable no_answer tap_to_watch tap_to_watch_hint starts_at cut_off cut_off_hint
    refused refused_hint region region_hint why_best why_link why_size why_saver
    why_device why_unknown saver mini small_window keys show_comments new_messages
}

/// A language: every word of the list above, in its order.
macro_rules! language {
    ($name:ident { $($word:ident: $text:literal,)+ }) => {
        pub(super) static $name: super::words::Words = super::words::Words(concat!($($text, "\n"),+));

        const _: () = {
            let lines = [$(super::words::Line::$word as usize),+];
            let mut at = 0;
            while at < lines.len() {
                assert!(lines[at] == at, "not in its place");
                at += 1;
            }
            assert!(at == super::words::LINES, "one is missing");
        };
    };
}
pub(super) use language;

impl Words {
    fn line(self, at: usize) -> &'static str {
        let line = self.0.as_bytes().split(|byte| *byte == b'\n').nth(at);
        line.and_then(|line| str::from_utf8(line).ok()).unwrap_or_default()
    }
}

/// The words for a language tag such as `zh-CN`.
pub(crate) fn pick(lang: &str) -> Words {
    let starts = lang.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("zh"));
    if starts { super::words_zh::ZH } else { super::words_en::EN }
}

/// Puts `values` where the template has `{}`, in turn.
pub(crate) fn fill(template: &str, values: &[&str]) -> String {
    let (mut text, mut rest) = (String::new(), template);
    for value in values {
        let at = rest.bytes().position(|byte| byte == b'{').unwrap_or(rest.len());
        text.push_str(rest.get(..at).unwrap_or_default());
        text.push_str(value);
        rest = rest.get(at + 2..).unwrap_or_default();
    }
    text.push_str(rest);
    text
}

/// For attributes that are `true` or `false`.
pub(crate) const fn yes_or_no(yes: bool) -> &'static str {
    if yes { "true" } else { "false" }
}
