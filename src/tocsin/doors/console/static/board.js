// The evaluation board: f goes to the period, e exports, ? shows the keys. Without script the form and the link do the same.
import { bindKeys } from "./keys.js";

bindKeys({});
