//! Many buyers, few pieces, over real sockets of the real server. `tests/bench` runs it with ten thousand.

use hawker_tests::process::{ADMIN, Recipe};
use hawker_tests::sale::{Counter, Offer, check, crowd};
use hawker_tests::server::SHOP_SECRET;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_38_a_crowd_buys_every_piece_once_and_the_others_are_told_why() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let shop = format!("[shop]\nsecret = {SHOP_SECRET:?}\n");
    let recipe = Recipe::new(folder.path(), false, &shop).expect("hawker can be built");
    let process = recipe.start().await.expect("hawker starts");
    let counter = Counter::new(process.http, ADMIN);
    let sale = counter.open("crowd", 50, 1, 500).await.expect("a sale can be made");

    let figures =
        crowd::rush(&counter, "crowd", &sale, 500, SHOP_SECRET, 1_000).await.expect("everybody is answered");
    println!("{:?} {:?} all in {} ms", figures.told, figures.answer_ms, figures.all_ms);
    assert_eq!(figures.sold, 50);
    assert_eq!(figures.told.get("SoldOut"), Some(&950));

    let outcome = counter.outcome("crowd").await.expect("the books are open");
    let wrong = check(&Offer { stock: 50, limit: 1 }, &figures.log, &outcome);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
