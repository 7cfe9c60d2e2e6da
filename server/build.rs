//! Makes cargo notice new migrations and new bundled pages, which macros embed.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
    // rust-embed settles at compile time where the folder is, so it has to be there, if empty.
    if let Err(error) = std::fs::create_dir_all("../target/dist") {
        println!("cargo:warning=../target/dist cannot be made ({error}): the pages will be missing");
    }
    // Debug builds read the pages when they are asked for.
    if std::env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        println!("cargo:rerun-if-changed=../target/dist");
    }
}
