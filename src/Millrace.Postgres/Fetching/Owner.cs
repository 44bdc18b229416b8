namespace Millrace.Postgres.Fetching;

/// <summary>One life of a source: the row its claims hang on and the note of what it has running. Lost, it is never taken up again; the source starts another.</summary>
/// <param name="Id">Its number in the store.</param>
/// <param name="Running">What it has running.</param>
internal sealed record Owner(long Id, RunningNote Running);

/// <summary>The receipt of a delivery whose owner died once without having noted that it ran: it must be noted before it runs again.</summary>
/// <param name="Owner">Who holds it now.</param>
internal sealed record Suspect(Owner Owner);
