//! The door: the administrators' token. It is tried with a question that only administrators are answered.

use leptos::ev;
use leptos::html::{button, div, form, h1, input, label, p, span};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::switches;
use crate::api::{self, RoomList};
use crate::desk::Desk;

pub(super) fn view(desk: Desk) -> impl IntoView {
    let typed = RwSignal::new(String::new());
    let busy = RwSignal::new(false);
    let trouble = RwSignal::new(None::<String>);
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let token = typed.get_untracked().trim().to_owned();
        if token.is_empty() || busy.get_untracked() {
            return;
        }
        busy.set(true);
        spawn_local(async move {
            let answer = api::get::<RoomList>(&token, "rooms").await;
            busy.set(false);
            match answer {
                Ok(_) => desk.log_in(&token),
                Err(failure) => trouble.set(Some(desk.explain(&failure))),
            }
        });
    };
    let wrong = move || trouble.get().is_some().to_string();
    let token = input()
        .attr("type", "password")
        .attr("autocomplete", "current-password")
        .attr("autofocus", "")
        .attr("aria-invalid", wrong)
        .attr("aria-describedby", "login-trouble")
        .prop("value", move || typed.get())
        .on(ev::input, move |event| typed.set(event_target_value(&event)));
    let hint = desk.say(
        "It was printed once at the server's first start. Lost? `hawker token` makes a new one.",
        "令牌在服务器首次启动时显示过一次。遗失了？运行 hawker token 重新生成。",
    );
    div().class("door").child((
        switches(desk),
        form().class("card login").on(ev::submit, submit).child((
            h1().child(desk.say("Hawker console", "Hawker 控制台")),
            label()
                .class("field")
                .child((span().child(desk.say("Administrators' token", "管理员令牌")), token)),
            p().class("hint").child(hint),
            p().id("login-trouble").class("trouble").attr("role", "alert").child(move || trouble.get()),
            button().attr("type", "submit").class("primary").prop("disabled", move || busy.get()).child(
                move || {
                    if busy.get() {
                        desk.word("Looking …", "验证中……")
                    } else {
                        desk.word("Log in", "登录")
                    }
                },
            ),
        )),
    ))
}
