/**
 * Whether a run of the app is owed to the page: asked for and not over. The app's own mark, `notRunning`, stays for a
 * moment after a click, until the server's word that a run has begun; a test that trusts it sees the page of before.
 */

/** Numbers of fields in Streamlit's messages (`streamlit/proto`), and the way to finish after which a run follows. */
const RERUN = 11;
const BEGUN = 4;
const FINISHED = 6;
const EARLY = 2;

/** An app's page owes its first run. */
let asked = true;
let running = false;

/**
 * The top level of a protobuf message: numbers of its fields, and the values of those that are numbers.
 * @param {ArrayBuffer | Uint8Array} message
 */
function fields(message) {
  const bytes = new Uint8Array(message);
  /** @type {Map<number, number>} */
  const found = new Map();
  let at = 0;
  const number = () => {
    let value = 0;
    for (let factor = 1; at < bytes.length; factor *= 128) {
      const byte = bytes[at++];
      value += (byte & 127) * factor;
      if (byte < 128) break;
    }
    return value;
  };
  while (at < bytes.length) {
    const tag = number();
    const value = number();
    found.set(Math.floor(tag / 8), value);
    if (tag % 8 === 2) at += value;
  }
  return found;
}

globalThis.WebSocket = class extends WebSocket {
  /** @param {ConstructorParameters<typeof WebSocket>} how */
  constructor(...how) {
    super(...how);
    this.addEventListener("message", ({ data }) => {
      if (!(data instanceof ArrayBuffer)) return;
      const told = fields(data);
      if (told.has(BEGUN)) [asked, running] = [false, true];
      if (told.has(FINISHED) && told.get(FINISHED) !== EARLY) running = false;
    });
  }

  /** @param {Parameters<WebSocket["send"]>[0]} message */
  send(message) {
    if (message instanceof Uint8Array && fields(message).has(RERUN)) asked = true;
    super.send(message);
  }
};

/** How many questions in a row, one in each frame, found the app at rest. */
let frames = 0;

/**
 * Whether the app rests, and has for two frames: what a click changes can be asked for, and shown, a frame later.
 * @param {boolean} first - whether this is the first question of a row
 */
function appRests(first) {
  const app = document.querySelector("[data-testid=stApp]");
  // Where a widget's script is still on its way, a skeleton stands.
  const waiting = document.querySelector(".stSkeleton, [data-testid=stSkeleton]");
  const rests = !asked && !running && app?.getAttribute("data-test-script-state") === "notRunning" && !waiting;
  frames = rests && !first ? frames + 1 : 0;
  return frames > 1;
}
Object.assign(globalThis, { appRests });
