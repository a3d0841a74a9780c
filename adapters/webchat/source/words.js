// What the widget says, in the two languages of Teller.
import { set } from "./page.js";

export const lang = /^zh/i.test(set.lang || document.documentElement.lang || navigator.language) ? "zh-TW" : "en";

const words = {
  "zh-TW": {
    title: "線上客服",
    sub: "AI 助理即時回覆，隨時可轉真人",
    human: "真人客服",
    wish: "我要真人",
    open: "開啟對話",
    close: "關閉對話",
    input: "輸入訊息…",
    label: "訊息",
    send: "傳送",
    log: "對話內容",
    bot: "AI 助理",
    agent: "客服專員",
    sending: "傳送中…",
    failed: "未送出",
    retry: "重試",
    hello: "您好，想了解什麼？",
    hint: "直接輸入問題即可，例如「忘記密碼怎麼辦」。",
    safe: "請勿傳送身分證字號、卡號、密碼或驗證碼",
    away: "連線中斷，正在重新連線…",
    unread: "則未讀訊息",
  },
  en: {
    title: "Chat with us",
    sub: "AI assistant online",
    human: "Talk to a person",
    wish: "Talk to a person",
    open: "Open chat",
    close: "Close chat",
    input: "Write a message…",
    label: "Message",
    send: "Send",
    log: "Conversation",
    bot: "AI assistant",
    agent: "Agent",
    sending: "Sending…",
    failed: "Not sent",
    retry: "Try again",
    hello: "Hello! How can we help?",
    hint: "Just type your question, such as “I forgot my password”.",
    safe: "Please do not send ID or card numbers, passwords or codes",
    away: "Connection lost. Reconnecting…",
    unread: "unread",
  },
};

export const say = words[lang];
