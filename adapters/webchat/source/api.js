// Calls to Teller; a session is opened when there is none, or when the token is not taken any more.
import { base, kept, set } from "./page.js";

let opening;

/** Raises the status of an answer that is no success, or the browser's error where none came. */
const request = async (path, body, token) => {
  const headers = {};
  if (body) headers["Content-Type"] = "application/json";
  if (token) headers.Authorization = "Bearer " + token;
  const answer = await fetch(base + path, {
    method: body ? "POST" : "GET",
    headers,
    body: body && JSON.stringify(body),
    credentials: "omit",
    cache: "no-store",
    signal: AbortSignal.timeout?.(1e4),
  });
  if (!answer.ok) throw answer.status;
  return answer.json();
};

const session = async () => {
  const identity = set.userId && { user_id: set.userId, signature: set.signature };
  const { token } = await request("session", identity ? { identity } : {});
  kept({ token, seen: 0 });
};

/** `use(token)` is told the token of each attempt, before it is made. */
export const call = async (use, path, body) => {
  for (let again = false; ; again = true) {
    // Two calls at once must not become two visitors.
    if (!kept().token) await (opening ||= session().finally(() => (opening = null)));
    const { token } = kept();
    use(token);
    try {
      return await request(path, body, token);
    } catch (error) {
      if (error !== 401 || again) throw error;
      // Another tab may have renewed it meanwhile.
      if (kept().token === token) kept({ token: "" });
    }
  }
};
