//! Minifies a module script. It neither resolves imports nor joins files.

use anyhow::{Result, ensure};
use oxc::allocator::Allocator;
use oxc::codegen::{Codegen, CodegenOptions};
use oxc::mangler::MangleOptions;
use oxc::minifier::{CompressOptions, Minifier, MinifierOptions};
use oxc::parser::Parser;
use oxc::span::SourceType;

/// The same module in fewer bytes: comments, indents, local and private names go, exports and properties stay.
///
/// # Errors
/// A script that does not parse.
pub(super) fn minify(script: &[u8]) -> Result<Vec<u8>> {
    let source = std::str::from_utf8(script)?;
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, source, SourceType::mjs()).parse();
    let errors: Vec<String> = parsed.diagnostics.iter().map(ToString::to_string).collect();
    ensure!(!parsed.panicked && errors.is_empty(), "it does not parse: {}", errors.join("; "));
    let mut program = parsed.program;
    let options = MinifierOptions {
        mangle: Some(MangleOptions { top_level: Some(true), ..MangleOptions::default() }),
        mangle_properties: None,
        compress: Some(CompressOptions::smallest()),
    };
    let minified = Minifier::new(options).minify(&allocator, &mut program);
    let printed = Codegen::new()
        .with_options(CodegenOptions::minify())
        .with_scoping(minified.scoping)
        .with_private_member_mappings(minified.class_private_mappings)
        .build(&program);
    Ok(printed.code.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minified_script_keeps_its_exports_and_properties() -> Result<()> {
        let script = b"// Says a.\nconst greeting = { text: 'a' };\nexport function say(loudly) {\n  return loudly ? greeting.text : ''; // kept\n}\n";
        let text = String::from_utf8(minify(script)?)?;
        assert!(
            text.contains("say")
                && text.contains(".text")
                && !text.contains("Says")
                && !text.contains("loudly"),
            "{text}"
        );
        assert!(text.len() < script.len() * 2 / 3, "{text}");
        Ok(())
    }

    #[test]
    fn private_names_are_short() -> Result<()> {
        let script = b"export class Count { #together = 0; add(more) { return (this.#together += more); } }";
        let text = String::from_utf8(minify(script)?)?;
        assert!(text.contains(".#") && text.contains("add(") && !text.contains("together"), "{text}");
        Ok(())
    }

    #[test]
    fn a_broken_script_is_refused() {
        assert!(minify(b"export function (").is_err());
    }
}
