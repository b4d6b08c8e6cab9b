"""What findings say in German: those that the managers' page shows."""
