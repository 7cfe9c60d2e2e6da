//! What a module's functions weigh once compressed: equal ones are kept once, and like ones stand beside each other, since brotli
//! writes what it has just seen in fewer bits. The compiler folds equal functions within a crate only, and the binder's order, by
//! size, tells brotli nothing. No function is changed here.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use anyhow::{Context as _, Result};
use wasm_encoder::reencode::{Error, Reencode};
use wasm_encoder::{CodeSection, FunctionSection, Module};
use wasmparser::{
    CodeSectionReader, FunctionBody, FunctionSectionReader, Operator, Parser, Payload, TypeRef,
};

/// So many of the functions before a place say what fits there: with one alone the bundle is larger, with more it does not shrink
/// any further.
const NEAR: usize = 4;

/// The same module, packed.
///
/// # Errors
/// What is no module.
pub(super) fn pack(wasm: &[u8]) -> Result<Vec<u8>> {
    let (mut imported, mut types, mut functions) = (0, Vec::new(), Vec::new());
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    imported += usize::from(matches!(import?.ty, TypeRef::Func(_)));
                }
            }
            Payload::FunctionSection(section) => types = section.into_iter().collect::<Result<_, _>>()?,
            Payload::CodeSectionEntry(body) => functions.push(steps(wasm, &body)?),
            _ => {}
        }
    }
    let first = fold(imported, &types, &functions);
    let kept: Vec<usize> = (0..functions.len()).filter(|&function| first[function] == function).collect();
    let order = chain(&kept, &pairs(&functions));
    let mut places: Vec<u32> = (0..(imported + functions.len()) as u32).collect();
    for (place, &function) in order.iter().enumerate() {
        places[imported + function] = (imported + place) as u32;
    }
    for (function, &first) in first.iter().enumerate() {
        places[imported + function] = places[imported + first];
    }
    let mut module = Module::new();
    Packed { order, places }
        .parse_core_module(&mut module, Parser::new(0), wasm)
        .context("the module cannot be written anew")?;
    Ok(module.finish())
}

/// An instruction's bytes, or those of a function's locals; and the function that it names, whose number is not in the bytes.
type Step<'a> = (&'a [u8], Option<usize>);

fn steps<'a>(wasm: &'a [u8], body: &FunctionBody<'a>) -> Result<Vec<Step<'a>>> {
    let mut reader = body.get_operators_reader()?;
    let bytes = |start: usize, end: usize| wasm.get(start..end).context("an instruction is in its module");
    let mut steps = vec![(bytes(body.range().start, reader.original_position())?, None)];
    while !reader.eof() {
        let start = reader.original_position();
        let named = match reader.read()? {
            Operator::Call { function_index } | Operator::RefFunc { function_index } => {
                Some(function_index as usize)
            }
            _ => None,
        };
        let end = if named.is_some() { start + 1 } else { reader.original_position() };
        steps.push((bytes(start, end)?, named));
    }
    Ok(steps)
}

/// For each function the first one that is equal to it: the same type, and the same steps once those they name are folded.
fn fold(imported: usize, types: &[u32], functions: &[Vec<Step<'_>>]) -> Vec<usize> {
    let mut first: Vec<usize> = (0..functions.len()).collect();
    loop {
        let mut known = BTreeMap::new();
        let mut next = Vec::new();
        for (function, steps) in functions.iter().enumerate() {
            let named = |step: &Step<'_>| {
                step.1.map(|named| named.checked_sub(imported).map_or(named, |own| imported + first[own]))
            };
            let look: Vec<Step<'_>> = steps.iter().map(|step| (step.0, named(step))).collect();
            next.push(*known.entry((types.get(function), look)).or_insert(function));
        }
        // What two functions name may have become one, so that they are equal, too.
        if next == first {
            return first;
        }
        first = next;
    }
}

/// What each function is made of: its pairs of steps that follow each other, numbered. Which function is named does not count.
fn pairs(functions: &[Vec<Step<'_>>]) -> Vec<BTreeSet<usize>> {
    let mut numbers = BTreeMap::new();
    let mut of = |pair: (&[u8], &[u8])| {
        let next = numbers.len();
        *numbers.entry((pair.0.to_vec(), pair.1.to_vec())).or_insert(next)
    };
    functions.iter().map(|steps| steps.windows(2).map(|two| of((two[0].0, two[1].0))).collect()).collect()
}

/// The functions in `kept`, each followed by the one that is most like it and the few before it. Begins with the one that has
/// most in it.
fn chain(kept: &[usize], pairs: &[BTreeSet<usize>]) -> Vec<usize> {
    let mut holders: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for &function in kept {
        for &pair in &pairs[function] {
            holders.entry(pair).or_default().push(function);
        }
    }
    let mut left: BTreeSet<usize> = kept.iter().copied().collect();
    let mut order = Vec::new();
    let mut next = left.iter().copied().max_by_key(|&function| pairs[function].len());
    while let Some(function) = next {
        left.remove(&function);
        order.push(function);
        let mut likeness = vec![0.0; pairs.len()];
        for (back, &near) in order.iter().rev().take(NEAR).enumerate() {
            for pair in &pairs[near] {
                for &other in &holders[pair] {
                    let sizes = (pairs[near].len() * pairs[other].len()) as f64;
                    likeness[other] += 1.0 / (back as f64 + 1.0) / sizes.sqrt();
                }
            }
        }
        next = left.iter().copied().max_by(|&one, &other| f64::total_cmp(&likeness[one], &likeness[other]));
    }
    order
}

/// Writes a module whose function `order[n]` comes at place `n`.
struct Packed {
    order: Vec<usize>,
    /// The new number of each function, imported ones included.
    places: Vec<u32>,
}

impl Reencode for Packed {
    type Error = Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, Error<Infallible>> {
        self.places.get(function as usize).copied().ok_or(Error::InvalidCodeSectionSize)
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        let types = section.into_iter().collect::<Result<Vec<_>, _>>()?;
        for &function in &self.order {
            functions.function(*types.get(function).ok_or(Error::InvalidCodeSectionSize)?);
        }
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: CodeSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        let bodies = section.into_iter().collect::<Result<Vec<_>, _>>()?;
        for function in self.order.clone() {
            let body = bodies.get(function).cloned().ok_or(Error::InvalidCodeSectionSize)?;
            self.parse_function_body(code, body)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_encoder::{
        EntityType, ExportKind, ExportSection, Function, ImportSection, TypeSection, ValType,
    };

    /// One imported function and four of its own: `a` and `c` are alike, `b` calls `c`, and `d` is `a` again.
    fn module() -> Vec<u8> {
        let mut types = TypeSection::new();
        types.ty().function([ValType::I32], [ValType::I32]);
        types.ty().function([], [ValType::I32]);
        let mut imports = ImportSection::new();
        imports.import("page", "ask", EntityType::Function(0));
        let (mut functions, mut exports, mut code) =
            (FunctionSection::new(), ExportSection::new(), CodeSection::new());
        for (name, kind, number) in [("a", 0, 7), ("b", 1, 0), ("c", 0, 9), ("d", 0, 7)] {
            exports.export(name, ExportKind::Func, 1 + functions.len());
            functions.function(kind);
            let mut body = Function::new([]);
            let mut write = body.instructions();
            if kind == 0 {
                write.local_get(0).i32_const(5).i32_add().i32_const(number).i32_mul().call(0).end();
            } else {
                write.i32_const(64).call(3).end();
            }
            code.function(&body);
        }
        let mut module = Module::new();
        module.section(&types).section(&imports).section(&functions).section(&exports).section(&code);
        module.finish()
    }

    #[test]
    fn like_functions_stand_together_and_equal_ones_are_kept_once() -> Result<()> {
        let wasm = pack(&module())?;
        let (mut exported, mut kinds, mut called) = (BTreeMap::new(), Vec::new(), Vec::new());
        for payload in Parser::new(0).parse_all(&wasm) {
            match payload? {
                Payload::FunctionSection(section) => kinds = section.into_iter().collect::<Result<_, _>>()?,
                Payload::ExportSection(section) => {
                    for export in section {
                        let export = export?;
                        exported.insert(export.name, export.index);
                    }
                }
                Payload::CodeSectionEntry(body) => {
                    let mut reader = body.get_operators_reader()?;
                    while !reader.eof() {
                        if let Operator::Call { function_index } = reader.read()? {
                            called.push(function_index);
                        }
                    }
                }
                _ => {}
            }
        }
        assert_eq!(exported["a"].abs_diff(exported["c"]), 1, "{exported:?}");
        assert_eq!(kinds.iter().position(|kind| *kind == 1), Some(exported["b"] as usize - 1));
        assert_eq!((exported["a"], kinds.len()), (exported["d"], 3), "{exported:?}");
        assert!(called.contains(&exported["c"]) && called.iter().filter(|call| **call == 0).count() == 2);
        Ok(())
    }
}
