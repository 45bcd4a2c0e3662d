// Meta's SDK brings no types; what of it the witness test calls.
declare module 'facebook-nodejs-business-sdk' {
  class UserData {
    setEmail(value: string): this;
    setPhone(value: string): this;
    setFirstName(value: string): this;
    setLastName(value: string): this;
    setCity(value: string): this;
    setState(value: string): this;
    setZip(value: string): this;
    setCountry(value: string): this;
    setGender(value: string): this;
    normalize(): object;
  }
  const sdk: { UserData: typeof UserData };
  export default sdk;
}
