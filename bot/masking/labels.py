"""The words that say what the number beside them is. Patterns over the normalised copy, most specific first.

Kinds: `other` names numbers that are nobody's (orders, policies, amounts), `hotline` a firm's own telephones;
both keep a number readable that would otherwise look personal. `_weak` kinds need a stricter shape.
"""

from __future__ import annotations

from typing import Final

from bot.masking.tables import BANKS

_NUMBER: Final = r"(?:統一編號|字號|號碼|編號|卡號|號|号码|号|碼)?"
_THING: Final = (
    r"訂單|定單|訂購|案件|案|申請|申訴|受理|客訴|保單|保險單|契約|合約|保證|發票|統一發票|"
    r"收據|包裹|物流|宅配|貨運|托運|"
    r"運單|出貨|商品|產品|料件|貨|批|條|交易|轉帳交易|匯款交易|繳費|繳款|帳單|對帳單|銷帳|授權|流水|查詢|追蹤|掛號|"
    r"郵件|會員|客戶|用戶|使用者|員工|員編|學|卡友|股票|證券|基金|商品|債券|憑證|序|機台|設備|裝置|型|機|版本|批次|"
    r"報名|預約|排隊|叫號|取件|取貨|兌換|優惠|折扣|推薦|邀請|活動|抽獎|禮券|票券|票|券|車票|機票|訂位|航班|班機|"
    r"文|公文|函|來函|收文|發文|備查|核准|許可|登錄|專利|地|建|期|工單|報修|服務單|維修|"
    r"任務|錯誤|問題|事故|賠案|理賠|"
    r"統計|科目|參考|授信|貸款|借據|批單|要保書|專案|方案|課程|房|桌|座位|分店|門市|店|分行|銀行|國際|區域"
)

_BANK_NAMES: Final = "|".join(
    sorted((name for names in BANKS.values() for name in names), key=len, reverse=True)
)

LABELS: Final[tuple[tuple[str, str], ...]] = (
    ("line", r"(?<![a-z])line\s?(?:的\s?)?(?:id|帳號|account)|賴\s?(?:的\s?)?(?:id|帳號)"),
    (
        "company",
        r"(?:公司|廠商|行號|商號|買方|發票)?\s?(?:的\s?)?統編|營利事業統一編號|(?<![a-z])(?:tax id|"
        r"gui|ubn|vat no|vat)(?: ?(?:number|no\.?))?(?![a-z])",
    ),
    (
        "nhi",
        rf"(?:全民)?健保(?:ic)?卡?(?:的|背面|上的?|背後)*{_NUMBER}|"
        r"(?<![a-z])(?:nhi|health insurance)(?: ?card)?(?: ?(?:number|no\.?))?(?![a-z])",
    ),
    ("id", rf"(?:國民)?身[分份]證{_NUMBER}|身[分份]字號|身分?證號|统一证号|身份证{_NUMBER}|身證{_NUMBER}"),
    (
        "id",
        rf"統一證{_NUMBER}|居留證?{_NUMBER}|居留證統一證號|外僑{_NUMBER}|(?<![a-z])(?:national id|"
        r"arc|ui)(?: ?no\.?)?(?![a-z])",
    ),
    ("company", r"統一編號|营业人|營業人"),
    ("passport", rf"護照{_NUMBER}|护照{_NUMBER}|(?<![a-z])passport(?: ?(?:no\.?|number|#))?"),
    (
        "other",
        r"(?:訂單|商品|產品|會員|用戶|客戶|交易|裝置|員工|帳單)\s?(?:的\s?)?id(?![a-z])|"
        r"(?<![a-z])(?:order|case|user|member|transaction|trace|request|apple|device|session|"
        r"app|google|product|event)[ _-]?id(?![a-z])",
    ),
    ("id", r"(?<![a-z])id(?: ?(?:no\.?|number|card|num))?(?![a-z])|證件(?:字號|號碼|號)?|證號"),
    (
        "other",
        r"(?:悠遊卡?|一卡通|會員卡?|icash|禮物卡|禮券|點數卡|集點卡|儲值卡|貴賓卡|學生卡|員工卡|"
        r"門禁卡)\s?(?:的\s?)?(?:卡號|號碼|編號|序號)?",
    ),
    (
        "card",
        r"信用卡(?:的)?(?:卡號|號碼|號)?|(?:正|附|金融|簽帳|提款|簽帳金融|聯名|現金)卡(?:的)?(?:卡號|"
        r"號碼|號)?|卡號|卡号|卡片(?:號碼|卡號|號)?|[這那][張支]卡|我的?卡(?![友住費關務])|"
        r"萬事達卡?|美國運通|銀聯卡?|刷卡|"
        r"(?<![a-z])(?:visa|master ?card|master|jcb|amex|unionpay|diners|discover|debit card|"
        r"credit card|cc|card)(?: ?(?:number|no\.?|num|#))?(?![a-z])",
    ),
    (
        "other",
        r"(?:登入|網銀|會員|遊戲|使用者|用戶|ig|fb|臉書|推特|蝦皮|app|網路銀行|學校|系統|員工|"
        r"admin|測試)\s?(?:的\s?)?[帳账][號号户戶]",
    ),
    (
        "account",
        r"[帳账][號号户戶](?:號碼|号码|號|号)?|戶頭|户头|存摺(?:號碼|帳號)?|存簿(?:號碼|帳號)?|局號|局号|"
        r"(?<![a-z])(?:bank account|account|acct|acc|a/c|iban)(?: ?(?:number|no\.?|num|#))?(?![a-z])",
    ),
    ("other", r"電話費|手機費|門號費|電話銀行|電話行銷"),
    (
        "hotline",
        r"(?:免付費|客服|客戶服務|顧客服務|服務|申訴|檢舉|報案|反詐騙?|防詐騙?|諮詢|總行|官方|"
        r"語音|警察局|派出所|掛失|24小時|分行|訂位)(?:的|中心|部)?(?:免付費)?(?:專線|電話|"
        r"熱線|號碼)|客服|熱線",
    ),
    (
        "phone",
        r"(?:手機|行動電話|行動|聯絡電話|連絡電話|聯絡方式|連絡方式|聯絡|連絡|市內電話|市話|"
        r"住家電話|公司電話|家裡電話|家用電話|電話|门号|門號|手机|电话)(?:號碼|号码|號|号)?|"
        r"住家|家裡|家電|室話|傳真|专线|打給|打來|打到|撥打|撥到|回撥|來電|回電|致電|"
        r"(?<![a-z])(?:tel|telephone|fax|phone|mobile|cell|call|cellphone)(?: ?(?:number|no\.?|num|#))?(?![a-z])",
    ),
    (
        "birthday",
        r"生日(?!\s?(?:禮|優惠|券|月|當|活動|蛋糕|快樂|折|趴|派對|回饋|點數|加碼|大禮|壽星))|"
        r"出生(?:年月日|日期|日)?|生於|出世|"
        r"(?<![a-z])(?:birthday|birth ?date|date of birth|dob|born)(?: on)?(?![a-z])",
    ),
    (
        "plate",
        r"車牌(?:號碼|號)?|車號|牌照(?:號碼|號)?|(?<![a-z])(?:license plate|plate)(?: ?(?:number|no\.?))?(?![a-z])",
    ),
    (
        "plate_weak",
        r"重機|輕機|貨車|小客車|行照|車籍|掛牌|機車|汽車|車子|愛車|車輛|我的?車(?!牌|號)|摩托車|"
        r"[台輛]車|強制險|車險|任意險|車主|轎車|休旅車|電動車|[的台]車(?![牌號])",
    ),
    ("company_weak", r"抬頭|台頭|公司|行號|商號|買方|買受人|廠商|企業社|工作室"),
    (
        "secret",
        r"密碼|驗證碼|認證碼|確認碼|安全碼|簡訊碼|動態碼|(?<![a-z])(?:otp|cvv2?|cvc2?|pin|"
        r"password|passcode|pwd)(?![a-z])",
    ),
    (
        "other",
        rf"(?:{_THING})\s?(?:的\s?)?(?:編號|號碼|單號|字號|代號|代碼|序號|號|碼|id)|訂單|定單|"
        r"保單|保險單|保險契約|發票|包裹|單號|案號|編號|序號|"
        r"代碼|代號|條碼|流水號|電子票證|載具|貨號|料號|樂透|彩券|大樂透|威力彩|今彩|號碼牌|"
        r"郵遞區號|版本|型號|期數|金額|額度|"
        r"餘額|本金|市值|資產|保額|保費|利息|總額|總價|價格|時間|營業|日期|時間戳|統一發票|"
        r"點數|貨運|物流|宅配|黑貓|新竹物流|"
        r"(?<![a-z])(?:order|case|ticket|invoice|policy|serial|tracking|ref|reference|sku|"
        r"ean|isbn|isin|cusip|imei|mac|udid|"
        r"uuid|error(?: code)?|timestamp|version|ver|promo(?: code)?|coupon|txn|trace|batch|"
        r"s/n|sn|pnr|swift(?: code)?)"
        r"(?: ?(?:number|no\.?|id|#|code))?(?![a-z])",
    ),
    (
        "account_weak",
        r"匯款|轉帳|轉账|匯到|匯至|匯入|匯給|匯進|轉入|轉到|轉給|轉進|撥款|撥到|撥入|撥進|撥給|存進|扣款|薪轉|"
        rf"交割|入帳|入账|存到|存入|退到|退款到|退至|退回|退入|收款|受款|約定|銀行|{_BANK_NAMES}|匯|轉(?!接|分機)",
    ),
)
