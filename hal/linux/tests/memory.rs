//! What the allocator counts. Alone in its program: other tests' memory is counted too.

use saal_hal_linux::memory::allocated;

#[test]
fn what_is_freed_is_not_counted() {
    let before = allocated();
    let kept = vec![1_u8; 8 << 20];
    assert!(allocated() >= before + (8 << 20));
    drop(kept);
    assert!(allocated() < before + (4 << 20));
}
