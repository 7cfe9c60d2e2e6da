//! Makes cargo notice new migrations and new bundled pages, which macros embed.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
    // Debug builds read the pages when they are asked for.
    if std::env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        println!("cargo:rerun-if-changed=../target/dist");
    }
}
