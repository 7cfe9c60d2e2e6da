//! Texts put together. `concat` and `join` of slices would do, and bring a copy of themselves for every length of separator into
//! each viewer's page.

/// One text of all these, one after the other.
#[must_use]
pub fn concat(parts: &[&str]) -> String {
    let mut text = String::new();
    for part in parts {
        text.push_str(part);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_after_the_other() {
        assert_eq!(concat(&["a", "", "b c", "é"]), "ab cé");
        assert_eq!(concat(&[]), "");
    }
}
