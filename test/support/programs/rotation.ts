/** Rotates nginx's logs under load, as the user who starts this, and prints what it saw. */
import { rotateUnderLoad } from '../rotation-under-load';

void rotateUnderLoad().then((told) => console.log(JSON.stringify(told)));
