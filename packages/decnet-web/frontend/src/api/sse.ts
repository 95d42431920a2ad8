// SPDX-License-Identifier: MIT
/** Server-sent events as HTML's standard defines them; a parser without I/O: feed it text, it returns the messages. */
export interface Message {
  id: string;
  event: string;
  data: string;
}

export class EventParser {
  private rest = "";
  private data: string[] = [];
  private event = "";
  private id: string;
  /** That of the last whole message: one that was cut off is to be sent again. */
  lastId: string;
  /** Milliseconds that the server asks to wait before connecting again. */
  retry: number | null = null;

  constructor(lastId = "") {
    this.id = this.lastId = lastId;
  }

  feed(chunk: string): Message[] {
    const messages: Message[] = [];
    const lines = (this.rest + chunk).split(/\r\n|\n|\r(?!$)/);
    this.rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line === "") this.dispatch(messages);
      else this.field(line);
    }
    return messages;
  }

  private dispatch(messages: Message[]): void {
    this.lastId = this.id;
    if (this.data.length > 0) {
      messages.push({ id: this.lastId, event: this.event || "message", data: this.data.join("\n") });
    }
    this.data = [];
    this.event = "";
  }

  private field(line: string): void {
    const colon = line.indexOf(":");
    if (colon === 0) return; // a comment, which keeps the connection open
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "data") this.data.push(value);
    else if (name === "event") this.event = value;
    else if (name === "id" && !value.includes("\0")) this.id = value;
    else if (name === "retry" && /^\d+$/.test(value)) this.retry = Number(value);
  }
}
