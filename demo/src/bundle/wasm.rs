//! The WASM half of the bundler: cargo builds the crates, the wasm-bindgen library makes the modules that a page imports.
//!
//! The library and the crate that the modules were compiled against are pinned to one version in the root Cargo.toml, so no
//! tool has to be installed and the two cannot differ.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use wasm_bindgen_cli_support::Bindgen;

use super::{Files, functions};

/// A crate and the module it becomes.
struct Module {
    package: &'static str,
    folder: &'static str,
    name: &'static str,
}

const MODULES: &[Module] = &[
    Module { package: "hawker-player", folder: "sdk", name: "engine" },
    Module { package: "hawker-ui", folder: "sdk", name: "ui" },
    Module { package: "hawker-console", folder: "console", name: "console" },
];

const TARGET: &str = "wasm32-unknown-unknown";

/// Builds all modules; what has not changed since the last run is taken from there.
pub(super) fn build(root: &Path) -> Result<Files> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root).args(["build", "--profile", "wasm", "--target", TARGET]);
    // Incremental builds cut crates into more pieces, which optimise less: a tenth more bytes for every viewer.
    cargo.env("CARGO_INCREMENTAL", "0");
    small_std(&mut cargo);
    for module in MODULES {
        cargo.args(["-p", module.package]);
    }
    let status = cargo.status().context("cargo does not start")?;
    if !status.success() {
        bail!(
            "the browser modules do not build; if the target or the sources of std are missing: \
             rustup target add {TARGET}; rustup component add rust-src"
        );
    }
    let target = cargo_metadata::MetadataCommand::new().current_dir(root).no_deps().exec()?.target_directory;
    let mut files = Files::new();
    for module in MODULES {
        let input = format!("{}/{TARGET}/wasm/{}.wasm", target, module.package.replace('-', "_"));
        let output = PathBuf::from(format!("{target}/bundle/{}", module.name));
        if is_older(&output.join(".done"), Path::new(&input)) {
            bind(module, Path::new(&input), &output)
                .with_context(|| format!("{} cannot be bound", module.package))?;
        }
        take(module, &output, &mut files)?;
    }
    Ok(files)
}

/// Builds the standard library with the modules, without the texts and tables of its panics: an eighth fewer bytes for every
/// viewer. A trap says as much on somebody's phone. The options are unstable, hence the variable.
fn small_std(cargo: &mut Command) {
    cargo.args(["-Zbuild-std=std,panic_abort", "-Zbuild-std-features=optimize_for_size"]);
    cargo.env("RUSTC_BOOTSTRAP", "1");
    // Without reference types the script keeps what the module refers to, which takes fewer bytes than shims around each import.
    // Where a panic was written is never told either; it would name folders of the machine that built.
    let flags = "-Zunstable-options -Cpanic=immediate-abort -Zlocation-detail=none \
                 -Ctarget-feature=-reference-types,-multivalue";
    cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", flags);
    cargo.env_remove("RUSTFLAGS");
}

/// True when `made` is missing or older than what it is made of.
fn is_older(made: &Path, source: &Path) -> bool {
    let time = |path: &Path| fs::metadata(path).and_then(|data| data.modified()).ok();
    time(made).is_none_or(|made| time(source).is_none_or(|source| made <= source))
}

fn bind(module: &Module, input: &Path, output: &Path) -> Result<()> {
    eprintln!("      binding {}", module.package);
    let _ = fs::remove_dir_all(output);
    let mut bound = Bindgen::new()
        .input_path(input)
        .out_name(module.name)
        .web(true)?
        .typescript(false)
        // The importing script knows where the module is; a default path would name a file that is not served.
        .omit_default_module_path(true)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate_output()?;
    let mut names = Names::default();
    let inner = bound.wasm_mut();
    for import in inner.imports.iter_mut() {
        names.shorten(&mut import.module);
        names.shorten(&mut import.name);
    }
    for export in inner.exports.iter_mut().filter(|export| export.name.contains("__")) {
        names.shorten(&mut export.name);
    }
    bound.emit(output)?;
    let wasm = output.join(format!("{}_bg.wasm", module.name));
    fs::write(&wasm, functions::pack(&fs::read(&wasm)?)?)?;
    let script = output.join(format!("{}.js", module.name));
    // Methods of the object of imports in the shorter of their two forms.
    let mut text = names.shorten_all(fs::read_to_string(&script)?).replace(": function(", "(");
    if module.folder == "sdk" {
        text = without_loader(&text)?;
    }
    fs::write(&script, text)?;
    fs::write(output.join(".done"), [])?;
    Ok(())
}

/// Gives a script one way to begin in place of the binder's own loaders, which come to a seventh of it: `hawker.js` loads both
/// modules of the SDK. It is called with what makes an instance of the module from what that imports.
fn without_loader(script: &str) -> Result<String> {
    let (bound, loaders) = script
        .split_once("async function __wbg_load(")
        .context("the binder's script has no loader where it was")?;
    ensure!(
        loaders.ends_with("export { initSync, __wbg_init as default };\n"),
        "the binder's script goes on after its loaders"
    );
    // Two tries may be under way: what is there stays, or its listeners would call into the other one's memory.
    let begin = "export default async (make) => {
    const made = wasm ?? (await make(__wbg_get_imports()));
    if (!wasm) __wbg_finalize_init(made.instance, made.module);
};
";
    Ok([bound, begin].concat())
}

/// Short names for what a module and its script call each other: they stand in both, and their hashes do not compress.
#[derive(Default)]
struct Names(BTreeMap<String, String>);

impl Names {
    /// The short name in place of the long one.
    fn shorten(&mut self, name: &mut String) {
        let next = format!("_{}", self.0.len());
        name.clone_from(self.0.entry(name.clone()).or_insert(next));
    }

    /// A script with all names shortened.
    fn shorten_all(&self, script: String) -> String {
        // A name may be the beginning of another one, which comes after it in their order.
        self.0.iter().rev().fold(script, |script, (long, short)| script.replace(long, short))
    }
}

/// Collects what was bound: `NAME_bg.wasm` becomes `NAME.wasm`.
fn take(module: &Module, output: &Path, files: &mut Files) -> Result<()> {
    let mut found = Files::new();
    super::folder(output, module.folder, &mut found)?;
    for (name, content) in found {
        files.insert(
            name.replace(&format!("{}_bg.wasm", module.name), &format!("{}.wasm", module.name)),
            content,
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_begins_another_does_not_break_it() {
        let mut names = Names::default();
        let mut again = String::from("__wbg_get");
        for name in ["./ui_bg.js", "__wbg_get", "__wbg_get_1f", "__wbg_get"] {
            again = name.into();
            names.shorten(&mut again);
        }
        assert_eq!(again, "_1");
        let script = "imports['./ui_bg.js'] = { __wbg_get_1f() {}, __wbg_get() {} }";
        assert_eq!(names.shorten_all(script.into()), "imports['_0'] = { _2() {}, _1() {} }");
    }

    #[test]
    fn a_script_begins_as_it_is_told() -> Result<()> {
        let bound = "let wasm;\n";
        let loaders = "async function __wbg_load(module) {}\nexport { initSync, __wbg_init as default };\n";
        let script = without_loader(&format!("{bound}{loaders}"))?;
        assert!(script.starts_with(bound) && !script.contains("initSync"), "{script}");
        assert!(script.contains("export default async (make)"), "{script}");
        assert!(without_loader(bound).is_err() && without_loader(&format!("{loaders}more")).is_err());
        Ok(())
    }
}
