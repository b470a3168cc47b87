/** Rotates nginx's logs under load, as the current user, and prints the result. */
import { rotateUnderLoad } from '../rotation-under-load';

void rotateUnderLoad().then((rotations) => console.log(JSON.stringify(rotations)));
