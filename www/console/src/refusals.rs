//! The server's refusals in Chinese, by their codes; in English the server's own words are shown, which say more.

/// What a refusal of this code says; `None` for one that the console doesn't know.
pub(crate) fn chinese(code: &str) -> Option<&'static str> {
    Some(match code {
        "not-found" => "找不到：可能已被删除，请刷新页面。",
        "invalid-room" => "直播间编号只能是 1 至 64 个字母、数字、- 或 _。",
        "room-exists" => "该编号的直播间已存在。",
        "too-many-rooms" | "too-many" => "数量已达上限。",
        "bad-title" => "标题过长或含有无效字符。",
        "bad-request" | "bad-body" | "bad-path" | "bad-query" => "输入的内容无效，请检查各项。",
        "word" => "词表中有无效的词。",
        "not-enough-stock" => "商品库存不足，请先补充库存或减少数量。",
        "sale-ended" => "该抢购已结束，请新建一个。",
        "refused" => "当前状态下无法执行此操作。",
        "ledger-unavailable" => "账本暂时无法写入磁盘，未做任何更改，请稍后重试。",
        "too-many-requests" => "操作过于频繁，请稍候再试。",
        "internal" => "服务器内部出错，原因见服务器日志。",
        _ => return None,
    })
}
