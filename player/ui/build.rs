//! Makes one style sheet of `src/styles`, without what only people read: comments, indents, the spaces around signs.

use std::path::Path;
use std::{env, fs};

const SHEETS: [&str; 5] = ["base", "picture", "room", "sale", "portrait"];

fn main() {
    let mut css = String::new();
    for sheet in SHEETS {
        let path = format!("src/styles/{sheet}.css");
        println!("cargo::rerun-if-changed={path}");
        css.push_str(&fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}")));
    }
    let out = env::var_os("OUT_DIR").expect("cargo names a folder for what is made");
    fs::write(Path::new(&out).join("ui.css"), slim(&css)).expect("the style sheet can be written");
}

/// Our sheets have no `/*`, braces or double spaces in strings, and no `>` or `+` where a space beside it would matter.
fn slim(css: &str) -> String {
    let mut bare = String::new();
    let mut rest = css;
    while let Some((code, comment)) = rest.split_once("/*") {
        bare.push_str(code);
        rest = comment.split_once("*/").map_or("", |(_, rest)| rest);
    }
    bare.push_str(rest);
    let mut slim = bare.split_whitespace().collect::<Vec<_>>().join(" ");
    for sign in ["{", "}", ";", ",", ">"] {
        slim = slim.replace(&format!(" {sign}"), sign).replace(&format!("{sign} "), sign);
    }
    slim.replace(": ", ":").replace(";}", "}")
}
