//! Ten thousand buyers for a hundred pieces, over real sockets of the real process: exactly a hundred are sold, and all others
//! are told why. Prints its figures; fails when they are wrong. Another number of buyers: the first argument.

use anyhow::{Result, ensure};
use hawker_tests::process::{ADMIN, Recipe};
use hawker_tests::sale::{Counter, Offer, check, crowd};
use hawker_tests::server::SHOP_SECRET;

const STOCK: u64 = 100;

fn main() -> Result<()> {
    let buyers = std::env::args().find_map(|word| word.parse().ok()).unwrap_or(10_000);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(rush(buyers))
}

async fn rush(buyers: usize) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let shop = format!("[shop]\nsecret = {SHOP_SECRET:?}\n");
    let recipe = Recipe::new(folder.path(), !cfg!(debug_assertions), &shop)?;
    let process = recipe.start().await?;
    let counter = Counter::new(process.http, ADMIN);
    let sale = counter.open("rush", STOCK, 1, 500).await?;
    let figures = crowd::rush(&counter, "rush", &sale, 500, SHOP_SECRET, buyers).await?;

    let (median, most, longest) = figures.answer_ms;
    println!("rush: {buyers} buyers, {STOCK} pieces: {} sold; told: {:?}", figures.sold, figures.told);
    println!("rush: tap to answer: median {median} ms, p99 {most} ms, longest {longest} ms");
    println!("rush: start to the last answer, payments included: {} ms", figures.all_ms);
    let outcome = counter.outcome("rush").await?;
    let wrong = check(&Offer { stock: STOCK, limit: 1 }, &figures.log, &outcome);
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    ensure!(figures.sold == STOCK, "{} sold of {STOCK}", figures.sold);
    let told: usize = figures.told.values().sum();
    ensure!(told == buyers, "{told} of {buyers} were told");
    Ok(())
}
