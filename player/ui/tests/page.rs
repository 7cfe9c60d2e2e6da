//! The interface in a real browser, with a fake engine and a fake socket: what a viewer and a buyer see and can do.
//! Run by `wasm-pack test --headless --chrome player/ui`.
#![cfg(target_arch = "wasm32")]

mod support;

use hawker_wire::proto::hold_reply::Refusal;
use hawker_wire::proto::{
    Batch, Hold, HoldReply, Like, Message, Product, Sale, SayReply, Totals, Welcome, client_frame, event,
    hold, sale, server_frame,
};
use support::{Page, WALL_MS, event, message};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// What people try to get into other people's pages.
const PAYLOADS: [&str; 12] = [
    "<script>window.pwned=1</script>",
    "<img src=x onerror=window.pwned=1>",
    "<svg onload=window.pwned=1>",
    "\"><iframe src=\"javascript:window.pwned=1\">",
    "<a href=\"javascript:window.pwned=1\">tea</a>",
    "{{constructor.constructor('window.pwned=1')()}}",
    "${window.pwned=1}",
    "</span><style>*{display:none}</style>",
    "<template><script>window.pwned=1</script></template>",
    "<!--><img src=x onerror=window.pwned=1>-->",
    "&lt;img src=x onerror=window.pwned=1&gt;",
    "\u{202e}<b onmouseover=window.pwned=1>\u{0}",
];

fn goods() -> (Product, Sale) {
    let product = Product {
        id: "tea".into(),
        title: "Green tea".into(),
        price: 2_000,
        currency: "USD".into(),
        revision: 1,
        ..Product::default()
    };
    let sale = Sale {
        id: "flash".into(),
        product: "tea".into(),
        price: 990,
        stock: 10,
        free: 4,
        limit: 2,
        starts_ms: WALL_MS - 1_000,
        ends_ms: WALL_MS + 90_000,
        state: sale::State::Running.into(),
        revision: 1,
        ..Sale::default()
    };
    (product, sale)
}

/// A room with the goods pinned and their flash sale running.
fn on_sale(welcome: &mut Welcome) {
    let (product, sale) = goods();
    welcome.pinned = product.id.clone();
    welcome.shelf = vec![product];
    welcome.sales = vec![sale];
}

fn held(id: &str) -> Hold {
    Hold {
        id: id.into(),
        product: "tea".into(),
        sale: "flash".into(),
        quantity: 1,
        price: 990,
        currency: "USD".into(),
        expires_ms: WALL_MS + 120_000,
        proof: "signed".into(),
        ..Hold::default()
    }
}

/// The last PlaceHold that the page sent.
fn placed(page: &Page) -> hawker_wire::proto::PlaceHold {
    let last = page.sent().into_iter().rev().find_map(|kind| match kind {
        client_frame::Kind::PlaceHold(place) => Some(place),
        _ => None,
    });
    last.expect("a tap asks for a hold")
}

#[wasm_bindgen_test]
async fn row_12_what_people_type_stays_text() {
    let page = Page::joined(|_| {}).await;
    let events = PAYLOADS.iter().zip(1..).map(|(text, id)| message(id, "stranger", text, text)).collect();
    page.events(events).await;
    assert_eq!(page.texts(".message .text"), PAYLOADS);
    assert_eq!(page.texts(".message .name"), PAYLOADS);
    assert!(page.count(".fly") > 0, "comments fly over the picture");
    assert!(page.texts(".fly").iter().all(|text| PAYLOADS.contains(&text.as_str())));
    for selector in [".message .text *", ".message .name *", ".fly *", "script", "iframe", "style", "img"] {
        assert_eq!(page.count(selector), 0, "{selector}");
    }
    assert!(js_sys::Reflect::get(&js_sys::global(), &"pwned".into()).is_ok_and(|pwned| pwned.is_undefined()));
}

#[wasm_bindgen_test]
async fn row_12_a_flood_stays_bounded() {
    let page = Page::joined(|_| {}).await;
    for batch in 0..40_u64 {
        let events = (1..=50).map(|n| message(batch * 50 + n, "x", "n", "same words again")).collect();
        page.push(server_frame::Kind::Batch(Batch {
            offset: batch * 50 + 50,
            events,
            omitted: 3,
            ..Batch::default()
        }));
    }
    page.settle().await;
    let (flying, listed) = (page.count(".fly"), page.count(".message"));
    assert!(flying > 0 && flying <= 100, "{flying} comments at once");
    assert_eq!(listed, 200);
    assert!(page.text(".omitted").contains("120"), "what was left out is told: {}", page.text(".omitted"));
}

#[wasm_bindgen_test]
async fn row_12_reduced_motion_shows_the_list_alone() {
    let page = Page::still().await;
    page.events(vec![message(1, "x", "Ava", "hello")]).await;
    assert_eq!(page.count(".fly"), 0);
    assert_eq!(page.texts(".message .text"), ["hello"]);
}

#[wasm_bindgen_test]
async fn row_12_an_own_message_is_sent_shown_and_marked() {
    let page = Page::joined(|_| {}).await;
    page.type_into(".say .field", "How big is it?");
    page.settle().await;
    page.submit(".say");
    page.settle().await;
    let say = page.sent().into_iter().find_map(|kind| match kind {
        client_frame::Kind::Say(say) => Some(say),
        _ => None,
    });
    let say = say.expect("a Say is sent");
    assert_eq!(say.text, "How big is it?");
    let said =
        Message { id: 7, sender: "me".into(), name: "Lin".into(), text: say.text, ..Message::default() };
    page.push(server_frame::Kind::SayReply(SayReply {
        request: say.request,
        message: 7,
        said: Some(said),
        ..SayReply::default()
    }));
    page.settle().await;
    assert_eq!(page.texts(".message.own .text"), ["How big is it?"]);
    assert_eq!(page.texts(".fly.own"), ["How big is it?"]);
    assert_eq!(page.value(".say .field"), "");
}

#[wasm_bindgen_test]
async fn row_13_likes_are_merged_and_totals_are_the_servers() {
    let page = Page::joined(|welcome| welcome.likes = 40).await;
    for _ in 0..25 {
        page.click(".like-button");
    }
    assert!(page.count(".heart") <= 6, "hearts are bounded");
    page.settle().await;
    assert_eq!(page.text(".like-count"), "40", "the total is the server's alone");
    let totals = Totals { likes: 65, online: 9 };
    let events = vec![event(0, event::Kind::Totals(totals))];
    page.events(events).await;
    assert_eq!(page.text(".like-count"), "65");
    page.until(|page| page.sent().iter().any(|kind| matches!(kind, client_frame::Kind::Like(_)))).await;
    let likes: Vec<_> =
        page.sent().into_iter().filter(|kind| matches!(kind, client_frame::Kind::Like(_))).collect();
    assert_eq!(likes, [client_frame::Kind::Like(Like { taps: 25 })]);
}

#[wasm_bindgen_test]
async fn row_38_a_tap_becomes_a_hold_and_a_checkout() {
    let page = Page::joined(on_sale).await;
    assert!(page.text(".pinned .now").contains("9.90"), "{}", page.text(".pinned .now"));
    assert!(page.text(".pinned .left").contains('4'));
    page.click(".pinned .buy");
    let place = placed(&page);
    assert_eq!((place.product.as_str(), place.sale.as_str(), place.price), ("tea", "flash", 990));
    assert!(place.key.len() >= 16);
    page.settle().await;
    page.click(".pinned .buy");
    assert_eq!(placed(&page).request, place.request, "one tap, one hold");
    page.push(server_frame::Kind::HoldReply(HoldReply {
        request: place.request,
        hold: Some(held("h1")),
        ..HoldReply::default()
    }));
    page.settle().await;
    assert_eq!(page.heard("hawker:hold", "hold.id"), ["h1"]);
    assert!(["01:59", "02:00"].contains(&page.text(".hold-left").as_str()), "{}", page.text(".hold-left"));
    page.click(".hold .pay");
    assert_eq!(page.heard("hawker:checkout", "hold.proof"), ["signed"]);
    let paid = Hold { state: hold::State::Paid.into(), ..held("h1") };
    page.push(server_frame::Kind::Hold(paid));
    page.settle().await;
    assert_eq!((page.count(".hold"), page.count(".order-state.paid")), (0, 1));
}

#[wasm_bindgen_test]
async fn row_38_a_hold_survives_a_reload_and_can_be_given_back() {
    let page = Page::joined(|welcome| welcome.holds = vec![held("h9")]).await;
    assert_eq!(page.count(".hold"), 1);
    page.click(".hold .link");
    let cancel = page.sent().into_iter().find_map(|kind| match kind {
        client_frame::Kind::CancelHold(cancel) => Some(cancel),
        _ => None,
    });
    assert_eq!(cancel.expect("a cancel is sent").hold, "h9");
}

#[wasm_bindgen_test]
async fn row_38_a_tap_without_an_answer_keeps_its_key_over_a_reload() {
    let page = Page::joined(on_sale).await;
    page.click(".pinned .buy");
    let first = placed(&page);
    drop(page);
    let page = Page::joined(on_sale).await;
    assert_eq!(placed(&page).key, first.key, "asked again by itself");
    assert!(page.disabled(".pinned .buy"), "and meanwhile no second tap");
    page.push(server_frame::Kind::HoldReply(HoldReply {
        request: placed(&page).request,
        hold: Some(held("h1")),
        ..HoldReply::default()
    }));
    page.settle().await;
    assert_eq!(page.heard("hawker:hold", "hold.id"), ["h1"]);
    drop(page);
    let page = Page::joined(on_sale).await;
    assert!(
        !page.sent().iter().any(|kind| matches!(kind, client_frame::Kind::PlaceHold(_))),
        "once answered, over"
    );
}

#[wasm_bindgen_test]
async fn a_guest_changes_the_name_and_what_was_being_typed_stays() {
    let page = Page::joined(|_| {}).await;
    assert_eq!(page.text(".me"), "Lin");
    page.type_into(".say .field", "half a thou");
    page.click(".me");
    page.settle().await;
    page.type_into(".sheet .field", "Lina");
    page.submit(".sheet form");
    page.settle().await;
    page.welcomed(|welcome| welcome.name = "Lina".into()).await;
    let hello = page.sent().into_iter().find_map(|kind| match kind {
        client_frame::Kind::Hello(hello) => Some(hello),
        _ => None,
    });
    assert_eq!(hello.expect("greeted anew").name, "Lina");
    assert_eq!(page.text(".me"), "Lina");
    assert_eq!(page.value(".say .field"), "half a thou");
    assert!(!page.sent().iter().any(|kind| matches!(kind, client_frame::Kind::Say(_))));
}

#[wasm_bindgen_test]
async fn row_38_refusals_say_why() {
    let check = |refusal: Refusal, words: &'static str| async move {
        let page = Page::joined(on_sale).await;
        page.click(".pinned .buy");
        page.push(server_frame::Kind::HoldReply(HoldReply {
            request: placed(&page).request,
            refusal: refusal.into(),
            price: 1_290,
            starts_ms: WALL_MS,
            ..HoldReply::default()
        }));
        page.settle().await;
        let told = page.text(".notice");
        assert!(told.contains(words), "{refusal:?}: {told}");
        assert_eq!(page.count(".hold"), 0);
    };
    check(Refusal::NotStarted, "opens at").await;
    check(Refusal::SoldOut, "Sold out").await;
    check(Refusal::LimitReached, "limit").await;
    check(Refusal::SaleEnded, "ended").await;
    check(Refusal::PriceChanged, "12.90").await;
    check(Refusal::TokenRequired, "sign in").await;
}

#[wasm_bindgen_test]
async fn row_38_the_stock_everyone_sees_moves() {
    let page = Page::joined(on_sale).await;
    let (_, sale) = goods();
    let sold_out = Sale { free: 0, revision: 2, ..sale };
    page.events(vec![event(1, event::Kind::Sale(sold_out))]).await;
    assert_eq!(page.text(".pinned .buy"), "Sold out");
    assert!(page.disabled(".pinned .buy"));
}

#[wasm_bindgen_test]
async fn the_controls_drive_the_public_api() {
    let page = Page::joined(|_| {}).await;
    page.click(".sound");
    assert_eq!(page.property("muted"), "false");
    page.click(".controls .control");
    assert_eq!(page.property("calls"), "pause");
    page.click(".controls .words");
    page.settle().await;
    page.click(".choice:last-child");
    assert_eq!(page.property("quality"), "360p");
    page.settle().await;
    assert_eq!(page.count(".sheet"), 0);
}

#[wasm_bindgen_test]
async fn row_15_a_lost_room_says_so_and_comes_back() {
    let page = Page::joined(|_| {}).await;
    page.close(1_006);
    page.settle().await;
    assert_eq!(page.count(".trouble"), 1);
    assert!(page.disabled(".send"));
}

#[wasm_bindgen_test]
async fn a_browser_without_storage_still_works() {
    let page = Page::without_storage().await;
    page.events(vec![message(1, "x", "Ava", "hello")]).await;
    assert_eq!(page.texts(".message .text"), ["hello"]);
}

#[wasm_bindgen_test]
async fn row_3_one_voice_says_one_thing_at_a_time() {
    let page = Page::joined(|_| {}).await;
    assert_eq!(page.count("[aria-live], [role=status], [role=alert], [role=log]"), 1, "nobody else talks");
    page.events(vec![
        message(1, "x", "Ava", "hello"),
        message(2, "x", "Bo", "hi"),
        message(3, "x", "Cy", "hey"),
    ])
    .await;
    assert_eq!(page.text(".said"), "Ava: hello");
    // What matters more than the chat comes first, when the sentence before it is over.
    page.close(1_006);
    page.settle().await;
    assert_eq!(page.text(".said"), "Ava: hello");
    page.until(|page| page.text(".said").contains("Connection lost")).await;
    assert_eq!(
        page.texts(".message .text"),
        ["hello", "hi", "hey"],
        "who wants to read along does so in the list"
    );
}
