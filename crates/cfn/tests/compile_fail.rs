//! Mistakes that the compiler finds: an ARN where a name is wanted, and another stack's resource.

#[test]
fn mistakes_do_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
